//! What a page is made from, and what it comes to.

use maud::Markup;

use crate::api::Source;
use crate::model::Millis;

/// What pages are made from: who asks, for what, and where the answer comes
/// from.
#[derive(Debug)]
pub struct View<'a, D, S> {
    /// The project whose traces these are. Its id.
    pub project: &'a str,
    /// The project's name.
    pub project_name: &'a str,
    /// The query string, without its `?`.
    pub query: &'a str,
    /// The scheme and host that the request came to: `https://example.com`.
    pub origin: &'a str,
    /// Whether htmx asks, for a part of a page.
    pub part: bool,
    /// The `If-None-Match` header.
    pub known: Option<&'a str>,
    /// Whether this is local development.
    pub local: bool,
    /// The time.
    pub now: Millis,
    /// The index.
    pub db: &'a D,
    /// The raw batches.
    pub source: Source<'a, S>,
}

/// An answer to a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers besides those that every page has.
    pub headers: Vec<(&'static str, String)>,
    /// HTML, or nothing.
    pub body: String,
}

impl Answer {
    /// A page, or a part of one.
    #[must_use]
    pub fn html(status: u16, markup: Markup) -> Self {
        Self {
            status,
            headers: vec![("content-type", "text/html; charset=utf-8".into())],
            body: markup.into_string(),
        }
    }

    /// Go and look there, with a GET.
    #[must_use]
    pub fn see(path: impl Into<String>) -> Self {
        Self { status: 303, headers: vec![("location", path.into())], body: String::new() }
    }

    /// The same with a header more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Markup> for Answer {
    fn from(markup: Markup) -> Self {
        Self::html(200, markup)
    }
}
