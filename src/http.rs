//! HTTP without a socket: which route a request is for, and the one table from
//! result to response. Nothing here knows the platform.

use serde_json::{Value, json};

use crate::dashboard::{self, Answer, Page};
use crate::error::{Error, Fault, Reject};
use crate::ingest::Accepted;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `POST /api/v1/traces`
    Ingest,
    /// `GET /api/v1/traces`
    ListTraces,
    /// `GET /api/v1/traces/{id}`, the id decoded.
    GetTrace(String),
    /// `GET /api/v1/dead-letters`
    DeadLetters,
    /// `GET /api/v1/stats`
    Stats,
    /// `POST /api/v1/admin/replay`
    Replay,
    /// `GET /api/v1/health`
    Health,
    /// `OPTIONS` on any known path of the API: a browser asks before it sends.
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
            ["api", "v1", "dead-letters"] => (Some(Self::DeadLetters), None),
            ["api", "v1", "stats"] => (Some(Self::Stats), None),
            ["api", "v1", "admin", "replay"] => (None, Some(Self::Replay)),
            ["api", "v1", "health"] => (Some(Self::Health), None),
            segments => return Page::find(method, segments).map(Self::Page),
        };
        let allow = match (&get, &post) {
            (Some(_), Some(_)) => "GET, HEAD, POST, OPTIONS",
            (None, _) => "POST, OPTIONS",
            (_, None) => "GET, HEAD, OPTIONS",
        };
        let route = match method {
            "OPTIONS" => Some(Self::Preflight),
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
    pub fn data(data: &str) -> Self {
        Self::json(200, format!(r#"{{"data":{data},"error":null}}"#))
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

    /// The one table from failure to response.
    #[must_use]
    pub fn error(error: &Error, request_id: &str) -> Self {
        match error {
            Error::Reject(reject) => Self::reject(reject),
            Error::Fault(Fault::Unavailable { .. }) => {
                let text = format!(
                    "storage cannot be reached and nothing was changed; try again (request {request_id})"
                );
                failure(503, "UNAVAILABLE", &text, None).header("retry-after", RETRY_AFTER_S)
            }
            Error::Fault(Fault::Internal(_)) => {
                let text = format!("something went wrong here (request {request_id})");
                failure(500, "INTERNAL_ERROR", &text, None)
            }
        }
    }

    fn reject(reject: &Reject) -> Self {
        let code = reject.code();
        match reject {
            Reject::Validation { message, details } => {
                failure(400, code, message, Some(json!(details)))
            }
            Reject::Unauthorized(why) => {
                failure(401, code, why, None).header("www-authenticate", "Bearer")
            }
            Reject::Forbidden(why) => failure(403, code, why, None),
            Reject::NotFound(what) => failure(404, code, what, None),
            Reject::MethodNotAllowed { allow } => {
                failure(405, code, &format!("this path takes {allow}"), None)
                    .header("allow", *allow)
            }
            Reject::TooLarge(what) => failure(413, code, what, None),
            Reject::RateLimited { limit, window_s } => {
                let text = format!(
                    "more than {limit} requests in {window_s} seconds; wait and send it again"
                );
                failure(429, code, &text, None)
                    .header("retry-after", window_s.to_string())
                    .header("ratelimit-limit", limit.to_string())
                    .header("ratelimit-remaining", "0")
                    .header("ratelimit-reset", window_s.to_string())
            }
            Reject::UnsupportedMediaType(what) => {
                failure(415, code, what, None).header("accept-encoding", "gzip, deflate")
            }
        }
    }
}

/// Seconds after which a client should try again when storage was down.
const RETRY_AFTER_S: &str = "5";

fn failure(status: u16, code: &str, message: &str, details: Option<Value>) -> Reply {
    let mut error = json!({ "code": code, "message": message });
    if let (Some(details), Value::Object(error)) = (details, &mut error) {
        error.insert("details".into(), details);
    }
    Reply::json(status, json!({ "data": null, "error": error }).to_string())
}

/// Headers of every response: who may read it, and where to look it up.
#[must_use]
pub fn common_headers(request_id: &str, page: bool) -> Vec<(&'static str, &str)> {
    let mut headers = vec![("x-request-id", request_id), ("cache-control", "no-store")];
    if page {
        headers.extend(dashboard::HEADERS);
    } else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_routes() {
        let find = Route::find;
        assert_eq!(find("POST", "/api/v1/traces"), Ok(Route::Ingest));
        assert_eq!(find("POST", "/api/v1/traces/"), Ok(Route::Ingest));
        assert_eq!(find("GET", "/api/v1/traces"), Ok(Route::ListTraces));
        assert_eq!(find("GET", "/api/v1/traces/a%2Fb%20c"), Ok(Route::GetTrace("a/b c".into())));
        assert_eq!(find("HEAD", "/api/v1/health"), Ok(Route::Health));
        assert_eq!(find("GET", "/"), Ok(Route::Page(Page::Home)));
        assert_eq!(find("GET", "/traces/a%2Fb"), Ok(Route::Page(Page::Trace("a/b".into()))));
        assert_eq!(find("OPTIONS", "/api/v1/traces"), Ok(Route::Preflight));
    }

    #[test]
    fn rejects_unknown_paths_and_methods() {
        for path in ["/api", "/api/v1", "/api/v1/traces/a/b", "/API/v1/traces", "//api/v1/traces"] {
            assert!(matches!(Route::find("GET", path), Err(Reject::NotFound(_))), "{path}");
        }
        assert!(matches!(Route::find("GET", "/api/v1/traces/%FF"), Err(Reject::NotFound(_))));
        for (method, path) in [
            ("PUT", "/traces"),
            ("OPTIONS", "/traces"),
            ("PUT", "/api/v1/traces"),
            ("POST", "/api/v1/traces/x"),
            ("DELETE", "/api/v1/health"),
        ] {
            assert!(
                matches!(Route::find(method, path), Err(Reject::MethodNotAllowed { .. })),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn faults_give_nothing_away_but_the_request_id() {
        let secret = "D1_ERROR: no such table: span";
        for fault in
            [Fault::Internal(secret.into()), Fault::Unavailable { what: "d1", why: secret.into() }]
        {
            let reply = Reply::error(&fault.into(), "req-1");
            assert!(!reply.body.contains("D1") && reply.body.contains("req-1"), "{}", reply.body);
        }
    }
}
