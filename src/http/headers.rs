//! Headers of every response: who may read it, and where to look it up.

use super::router::{is_mcp, is_operators};
use crate::dashboard;
use crate::reply::Reply;

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

/// Headers of every response. Pages of other origins may read the API's, whose keys they
/// have to know, but nothing that is the operator's; agents' answers say themselves who may.
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
    } else if !is_operators(asked.path) && !is_mcp(asked.path) {
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

/// The answer to a browser's question before it sends.
#[must_use]
pub fn preflight() -> Reply {
    Reply::empty(204)
        .with("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        .with(
            "access-control-allow-headers",
            "authorization, x-api-key, content-type, content-encoding, prefer, idempotency-key",
        )
        .with("access-control-max-age", "86400")
}
