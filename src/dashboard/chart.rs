//! The charts above the list.
use maud::html;

use super::{Answer, View};
use crate::batch::RawStore;
use crate::error::Error;
use crate::store::Database;

/// `GET /chart`
///
/// # Errors
/// no
#[allow(clippy::unused_async, reason = "yet to come")]
pub async fn part(view: &View<'_, impl Database, impl RawStore>) -> Result<Answer, Error> {
    let _ = view;
    Ok(html! {}.into())
}
