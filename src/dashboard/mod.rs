//! The dashboard: pages for people, rendered here and whole. Which page a path
//! is, what every page is made from, and what every answer carries. What is on
//! the pages is in the modules below; reading the index is `index`'s.

pub mod list;
pub mod login;
pub mod session;
pub mod span;
pub mod trace;
pub mod ui;
pub mod view;

use self::view::View;
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::index::Database;
use crate::reply::Reply;

/// A page of the dashboard.
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
    /// `GET /traces/{id}/spans/{span}`
    Span(String, String),
    /// `GET /traces/{id}/spans/{span}/raw`
    RawSpan(String, String),
    /// `GET /sessions/{id}`
    Session(String),
    /// `GET /sign-in`
    SignIn,
    /// `POST /sign-in`
    PostSignIn,
    /// `POST /sign-out`
    SignOut,
}

impl Page {
    /// The page of a method and the parts of a path as the URL has them.
    ///
    /// # Errors
    /// 404 for a path that is none, 405 for a method that the path has not.
    pub fn find(method: &str, segments: &[&str]) -> Result<Self, Reject> {
        let (get, post) = match segments {
            [""] => (Some(Self::Home), None),
            ["traces"] => (Some(Self::Traces), None),
            ["chart"] => (Some(Self::Chart), None),
            ["traces", id] => (Some(Self::Trace(decode(id)?)), None),
            ["traces", id, "spans", span] => (Some(Self::Span(decode(id)?, decode(span)?)), None),
            ["traces", id, "spans", span, "raw"] => {
                (Some(Self::RawSpan(decode(id)?, decode(span)?)), None)
            }
            ["sessions", id] => (Some(Self::Session(decode(id)?)), None),
            ["sign-in"] => (Some(Self::SignIn), Some(Self::PostSignIn)),
            ["sign-out"] => (None, Some(Self::SignOut)),
            _ => return Err(Reject::NotFound("there is nothing at this path".into())),
        };
        let allow = match (&get, &post) {
            (Some(_), Some(_)) => "GET, HEAD, POST",
            (None, _) => "POST",
            (_, None) => "GET, HEAD",
        };
        let page = match method {
            "GET" | "HEAD" => get,
            "POST" => post,
            _ => None,
        };
        page.ok_or(Reject::MethodNotAllowed { allow })
    }

    /// A name for logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Home => "page-home",
            Self::Traces => "page-traces",
            Self::Chart => "page-chart",
            Self::Trace(_) => "page-trace",
            Self::Span(..) => "page-span",
            Self::RawSpan(..) => "page-raw",
            Self::Session(_) => "page-session",
            Self::SignIn | Self::PostSignIn => "page-sign-in",
            Self::SignOut => "page-sign-out",
        }
    }
}

fn decode(segment: &str) -> Result<String, Reject> {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Reject::NotFound("the id in the path is not percent-encoded UTF-8".into()))
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
        Page::Home | Page::SignIn | Page::PostSignIn | Page::SignOut => Ok(Reply::see("/traces")),
        Page::Traces => list::page::page(view).await,
        Page::Chart => list::chart::part(view).await,
        Page::Trace(id) => trace::page::page(view, id).await,
        Page::Span(trace, span) => span::page::page(view, trace, span).await,
        Page::RawSpan(trace, span) => span::page::raw(view, trace, span).await,
        Page::Session(id) => session::page::page(view, id).await,
    }
}
