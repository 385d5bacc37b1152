//! HTTP without a socket: which route a request is for, and from result to
//! response. Nothing here knows the platform.

pub mod body;

use serde_json::json;

use crate::dashboard;
use crate::dashboard::Page;
use crate::error::Reject;
use crate::formats::{FormatPath, Formats};
use crate::reply::Reply;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `POST` of a batch, or of what is not kept, to this path of its wire format.
    Ingest(FormatPath),
    /// `GET /api/v1/traces`
    ListTraces,
    /// `GET /api/v1/traces/{id}`, the id decoded.
    GetTrace(String),
    /// `GET /api/v1/traces/{id}/spans/{span}`, the ids decoded.
    GetSpan(String, String),
    /// `GET /api/v1/dead-letters`
    DeadLetters,
    /// `GET /api/v1/stats`
    Stats,
    /// `POST /api/v1/admin/replay`
    Replay,
    /// `GET /api/v1/health`
    Health,
    /// `OPTIONS` on any known path of the API but the operator's: a browser asks
    /// before it sends.
    Preflight,
    /// A page of the dashboard.
    Page(Page),
}

impl Route {
    /// The route of a method and a path as the URL has it.
    ///
    /// # Errors
    /// 404 for a path that is none, 405 for a method that the path has not.
    pub fn find(method: &str, path: &str, formats: Formats) -> Result<Self, Reject> {
        let segments = segments(path);
        let ingest = formats.find_path(path).map(Self::Ingest);
        let (get, post) = match segments.as_slice() {
            ["api", "v1", "traces"] => (Some(Self::ListTraces), ingest),
            ["api", "v1", "traces", id] => (Some(Self::GetTrace(decode_segment(id)?)), None),
            ["api", "v1", "traces", id, "spans", span] => {
                (Some(Self::GetSpan(decode_segment(id)?, decode_segment(span)?)), None)
            }
            ["api", "v1", "dead-letters"] => (Some(Self::DeadLetters), None),
            ["api", "v1", "stats"] => (Some(Self::Stats), None),
            ["api", "v1", "admin", "replay"] => (None, Some(Self::Replay)),
            ["api", "v1", "health"] => (Some(Self::Health), None),
            _ if ingest.is_some() => (None, ingest),
            segments => return Page::find(method, segments).map(Self::Page),
        };
        // Only the operator's commands speak to these, never a page: no browser
        // is told that it may.
        let shared = !is_operators(path);
        let allow = match (&get, &post) {
            (None, _) if !shared => "POST",
            (Some(_), Some(_)) => "GET, HEAD, POST, OPTIONS",
            (None, _) => "POST, OPTIONS",
            (_, None) => "GET, HEAD, OPTIONS",
        };
        let route = match method {
            "OPTIONS" => shared.then_some(Self::Preflight),
            "GET" | "HEAD" => get,
            "POST" => post,
            _ => None,
        };
        route.ok_or(Reject::MethodNotAllowed { allow })
    }

    /// A name for logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ingest(_) => "ingest",
            Self::ListTraces => "list-traces",
            Self::GetTrace(_) => "get-trace",
            Self::GetSpan(..) => "get-span",
            Self::DeadLetters => "dead-letters",
            Self::Stats => "stats",
            Self::Replay => "replay",
            Self::Health => "health",
            Self::Preflight => "preflight",
            Self::Page(page) => page.name(),
        }
    }
}

/// The parts of a path; one slash at its end makes no difference.
fn segments(path: &str) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/').collect()
}

fn decode_segment(text: &str) -> Result<String, Reject> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Reject::NotFound("the id in the path is not percent-encoded UTF-8".into()))
}

/// What health says: that the Worker runs. It asks no other service, so that checking
/// cannot cost or break anything.
#[must_use]
pub fn health() -> Reply {
    Reply::json(200, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }).to_string())
}

/// The answer to a browser's question before it sends.
#[must_use]
pub fn preflight() -> Reply {
    Reply::empty(204)
        .with("access-control-allow-methods", "GET, HEAD, POST, OPTIONS")
        .with(
            "access-control-allow-headers",
            "authorization, x-api-key, content-type, content-encoding, prefer",
        )
        .with("access-control-max-age", "86400")
}

/// What the headers of every response depend on.
#[derive(Debug, Clone, Copy)]
pub struct RequestInfo<'a> {
    /// The request's id.
    pub id: &'a str,
    /// The path as the URL has it.
    pub path: &'a str,
    /// Whether it came by https.
    pub secure: bool,
}

/// Headers of every response: who may read it, and where to look it up. Pages
/// of other origins may read the API's, whose keys they have to know, but
/// nothing that is the operator's.
#[must_use]
pub fn common_headers<'a>(asked: &RequestInfo<'a>, page: bool) -> Vec<(&'static str, &'a str)> {
    let mut headers = vec![
        ("x-request-id", asked.id),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ];
    if asked.secure {
        headers.push(("strict-transport-security", "max-age=31536000"));
    }
    if page {
        headers.extend(dashboard::HEADERS);
    } else if !is_operators(asked.path) {
        headers.extend([
            ("access-control-allow-origin", "*"),
            (
                "access-control-expose-headers",
                "x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, preference-applied",
            ),
        ]);
    }
    headers
}

/// Whether the path is one of the operator's.
fn is_operators(path: &str) -> bool {
    path.strip_prefix("/api/v1/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
