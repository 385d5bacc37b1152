//! The list of traces.

use maud::html;

use super::asset::Asset;
use super::layout::{Shell, document};
use super::{Answer, View};
use crate::batch::RawStore;
use crate::error::Error;
use crate::store::Database;

/// `GET /traces`.
///
/// # Errors
/// 400 for a query that cannot be read; a fault of the database.
#[allow(clippy::unused_async, reason = "yet to come")]
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Answer, Error> {
    let shell = Shell {
        title: "Traces",
        project: Some(view.project_name),
        assets: &[Asset::Htmx, Asset::ListJs],
        back: None,
    };
    Ok(document(&shell, &html! { h1 { "Traces" } }).into())
}

/// `GET /chart`.
///
/// # Errors
/// As [`page`].
#[allow(clippy::unused_async, reason = "yet to come")]
pub async fn chart(view: &View<'_, impl Database, impl RawStore>) -> Result<Answer, Error> {
    let _ = view;
    Ok(html! {}.into())
}
