//! One span: what went in, what came out.

use maud::html;

use super::{Answer, View};
use crate::batch::RawStore;
use crate::error::Error;
use crate::store::Database;

/// `GET /traces/{id}/spans/{span}`: a part of the trace's page when htmx asks,
/// else a page.
///
/// # Errors
/// 404 when the trace has no such span; a fault of the database.
#[allow(clippy::unused_async, reason = "yet to come")]
pub async fn page(
    view: &View<'_, impl Database, impl RawStore>,
    trace: &str,
    span: &str,
) -> Result<Answer, Error> {
    let _ = view;
    Ok(html! { h2 { (trace) " " (span) } }.into())
}
