//! A trace: its header, and its tree and waterfall as one.

use maud::html;

use super::{Answer, View};
use crate::batch::RawStore;
use crate::error::Error;
use crate::store::Database;

/// `GET /traces/{id}`, with `?span={id}` for one of its spans.
///
/// # Errors
/// 404 when the project has no such trace; a fault of the database.
#[allow(clippy::unused_async, reason = "yet to come")]
pub async fn page(
    view: &View<'_, impl Database, impl RawStore>,
    id: &str,
) -> Result<Answer, Error> {
    let shell = super::layout::Shell {
        title: id,
        project: Some(view.project_name),
        back: Some(("/traces", "Traces")),
        ..Default::default()
    };
    Ok(super::layout::document(&shell, &html! { h1 { (id) } }).into())
}
