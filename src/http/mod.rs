//! HTTP without a socket: which route a request is for, and from result to
//! response. Nothing here knows the platform.

pub mod body;

use serde_json::{Value, json};

use crate::dashboard;
use crate::dashboard::Page;
use crate::dashboard::view::Answer;
use crate::error::{Error, Fault, Kind, Reject};
use crate::pipeline::ingest::Accepted;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `POST /api/v1/traces`
    Ingest,
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
    pub fn find(method: &str, path: &str) -> Result<Self, Reject> {
        let segments = segments(path);
        let (get, post) = match segments.as_slice() {
            ["api", "v1", "traces"] => (Some(Self::ListTraces), Some(Self::Ingest)),
            ["api", "v1", "traces", id] => (Some(Self::GetTrace(decode_segment(id)?)), None),
            ["api", "v1", "traces", id, "spans", span] => {
                (Some(Self::GetSpan(decode_segment(id)?, decode_segment(span)?)), None)
            }
            ["api", "v1", "dead-letters"] => (Some(Self::DeadLetters), None),
            ["api", "v1", "stats"] => (Some(Self::Stats), None),
            ["api", "v1", "admin", "replay"] => (None, Some(Self::Replay)),
            ["api", "v1", "health"] => (Some(Self::Health), None),
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
            Self::Ingest => "ingest",
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

/// A response before the platform sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers besides those that every response has.
    pub headers: Vec<(&'static str, String)>,
    /// JSON text, HTML, or nothing.
    pub body: String,
    /// Whether it is a page: one is for this origin alone, the API for any.
    pub page: bool,
}

impl From<Answer> for Reply {
    fn from(Answer { status, headers, body }: Answer) -> Self {
        Self { status, headers, body, page: true }
    }
}

impl Reply {
    fn json(status: u16, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json; charset=utf-8".into())],
            body,
            page: false,
        }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 200 with a `data` that is JSON already.
    #[must_use]
    pub fn data(mut data: String) -> Self {
        // Within what it has of room: an answer may be large, and is not copied.
        data.insert_str(0, r#"{"data":"#);
        data.push_str(r#","error":null}"#);
        Self::json(200, data)
    }

    /// What health says: that the Worker runs. It asks no other service, so
    /// that checking cannot cost or break anything.
    #[must_use]
    pub fn health() -> Self {
        Self::json(200, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }).to_string())
    }

    /// The answer to a browser's question before it sends.
    #[must_use]
    pub fn preflight() -> Self {
        Self { status: 204, headers: Vec::new(), body: String::new(), page: false }
            .header("access-control-allow-methods", "GET, HEAD, POST, OPTIONS")
            .header(
                "access-control-allow-headers",
                "authorization, content-type, content-encoding, prefer",
            )
            .header("access-control-max-age", "86400")
    }

    /// 201.
    #[must_use]
    pub fn accepted(accepted: &Accepted) -> Self {
        let Accepted { events, refused, lenient, unsent: _ } = accepted;
        let mut body = json!({ "accepted": events });
        if let (Some((rejected, errors)), Value::Object(body)) = (refused, &mut body) {
            body.insert("rejected".into(), json!(rejected));
            body.insert("errors".into(), json!(errors));
        }
        let reply = Self::json(201, body.to_string());
        if *lenient { reply.header("preference-applied", "handling=lenient") } else { reply }
    }

    /// The answer to a failure: its status and code are those of
    /// [`Error::kind`], and here is what the caller reads.
    #[must_use]
    pub fn error(error: &Error, request_id: &str) -> Self {
        let failure = |message: &str| failure(error, message, None);
        match error {
            Error::Reject(reject) => Self::reject(error, reject),
            // Not that nothing was kept: R2 may have a batch and not have said so.
            Error::Fault(Fault::Unavailable { .. }) => failure(&format!(
                "this could not be done at the moment; send it again, it counts once (request {request_id})"
            ))
            .header("retry-after", RETRY_AFTER_S),
            Error::Fault(Fault::Internal(_)) => {
                failure(&format!("something went wrong here (request {request_id})"))
            }
        }
    }

    fn reject(error: &Error, reject: &Reject) -> Self {
        let plain = |message: &str| failure(error, message, None);
        match reject {
            Reject::Validation { message, details } => {
                failure(error, message, Some(json!(details)))
            }
            Reject::Unauthorized(why) => plain(why).header("www-authenticate", "Bearer"),
            Reject::Forbidden(why) => plain(why),
            Reject::NotFound(what) | Reject::TooLarge(what) => plain(what),
            Reject::MethodNotAllowed { allow } => {
                plain(&format!("this path takes {allow}")).header("allow", *allow)
            }
            Reject::RateLimited { limit, window_s } => plain(&format!(
                "more than {limit} requests in {window_s} seconds; wait and send it again"
            ))
            .header("retry-after", window_s.to_string())
            .header("ratelimit-limit", limit.to_string())
            .header("ratelimit-remaining", "0")
            .header("ratelimit-reset", window_s.to_string()),
            Reject::UnsupportedMediaType(what) => {
                plain(what).header("accept-encoding", "gzip, deflate")
            }
        }
    }
}

/// Seconds after which a client should try again when storage was down.
const RETRY_AFTER_S: &str = "5";

fn failure(error: &Error, message: &str, details: Option<Value>) -> Reply {
    let Kind { status, code, .. } = error.kind();
    let mut error = json!({ "code": code, "message": message });
    if let (Some(details), Value::Object(error)) = (details, &mut error) {
        error.insert("details".into(), details);
    }
    Reply::json(status, json!({ "data": null, "error": error }).to_string())
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
