//! The dashboard: pages for people, rendered here and whole. Which pages there
//! are, what every page is made from, and what every answer carries. What is on
//! the pages is in the modules below; reading the index is `index`'s.

pub mod compare;
pub mod costs;
pub mod errors;
pub mod evaluators;
pub mod list;
pub mod login;
pub mod scores;
pub mod session;
pub mod settings;
pub mod share;
pub mod span;
pub mod trace;
pub mod ui;
pub mod view;

use self::view::View;
use crate::batch::RawStore;
use crate::error::Error;
use crate::index::Database;
use crate::reply::Reply;

/// A page of the dashboard, for people who are signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// `GET /`: the list, by another name.
    Home,
    /// `GET /traces`
    Traces,
    /// `GET /chart`: the chart above the list, for the same query.
    Chart,
    /// `GET /traces/{id}`
    Trace(String),
    /// `GET /traces/{id}/conversation`
    Conversation(String),
    /// `GET /traces/{id}/content`
    TraceContent(String),
    /// `GET /traces/{id}/content/raw`
    RawTraceContent(String),
    /// `GET /traces/{id}/spans/{span}`
    Span(String, String),
    /// `GET /traces/{id}/spans/{span}/image`
    Image(String, String),
    /// `GET /traces/{id}/spans/{span}/raw`
    RawSpan(String, String),
    /// `GET /scores`
    Scores,
    /// `GET /evaluators`
    Evaluators,
    /// `GET /compare`
    Compare,
    /// `GET /errors`
    Errors,
    /// `GET /costs`
    Costs,
    /// `GET /sessions/{id}`
    Session(String),
}

impl Page {
    /// The id of the trace that it shows, or a part of.
    #[must_use]
    pub fn trace(&self) -> Option<&str> {
        match self {
            Self::Trace(id)
            | Self::Conversation(id)
            | Self::TraceContent(id)
            | Self::RawTraceContent(id)
            | Self::Span(id, _)
            | Self::Image(id, _)
            | Self::RawSpan(id, _) => Some(id),
            _ => None,
        }
    }
}

/// Headers of every page. Nothing may run, load or be sent but what is this
/// origin's own; nobody may frame it. `same-origin` and not `no-referrer`: under
/// that browsers send forms with `Origin: null`, and forms are checked by it.
pub const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// The answer to somebody who is signed in.
///
/// # Errors
/// Those of the page.
pub async fn answer(
    page: &Page,
    view: &View<'_, impl Database, impl RawStore>,
) -> Result<Reply, Error> {
    match page {
        Page::Home => Ok(Reply::see("/traces")),
        Page::Traces => list::page::page(view).await,
        Page::Chart => list::chart::part(view).await,
        Page::Trace(id) => trace::page::page(view, id).await,
        Page::Conversation(id) => trace::conversation::page(view, id).await,
        Page::TraceContent(id) => trace::content::page(view, id).await,
        Page::RawTraceContent(id) => trace::content::raw(view, id).await,
        Page::Span(trace, span) => span::page::page(view, trace, span).await,
        Page::Image(trace, span) => span::page::image(view, trace, span).await,
        Page::RawSpan(trace, span) => span::page::raw_payload(view, trace, span).await,
        Page::Compare => compare::page::page(view).await,
        Page::Errors => errors::page::page(view).await,
        Page::Costs => costs::page::page(view).await,
        Page::Scores => scores::results::page(view).await,
        Page::Evaluators => evaluators::page::page(view).await,
        Page::Session(id) => session::page::page(view, id).await,
    }
}
