//! A session: its traces, in order.

use maud::html;

use super::{Answer, View};
use crate::batch::RawStore;
use crate::error::Error;
use crate::store::Database;

/// `GET /sessions/{id}`.
///
/// # Errors
/// A fault of the database.
#[allow(clippy::unused_async, reason = "yet to come")]
pub async fn page(
    view: &View<'_, impl Database, impl RawStore>,
    id: &str,
) -> Result<Answer, Error> {
    let _ = view;
    Ok(html! { h1 { (id) } }.into())
}
