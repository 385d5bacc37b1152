//! HTTP without a socket: which route a request is for, and from result to
//! response. Nothing here knows the platform.

use serde_json::{Value, json};

use crate::dashboard::{self, Answer, Page};
use crate::error::{Error, Fault, Kind, Reject};
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
pub struct Asked<'a> {
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
pub fn common_headers<'a>(asked: &Asked<'a>, page: bool) -> Vec<(&'static str, &'a str)> {
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
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::error::Severity;
    use crate::metrics;

    #[test]
    fn finds_routes() {
        let find = Route::find;
        assert_eq!(find("POST", "/api/v1/traces"), Ok(Route::Ingest));
        assert_eq!(find("POST", "/api/v1/traces/"), Ok(Route::Ingest));
        assert_eq!(find("GET", "/api/v1/traces"), Ok(Route::ListTraces));
        assert_eq!(find("GET", "/api/v1/traces/a%2Fb%20c"), Ok(Route::GetTrace("a/b c".into())));
        let span = Route::GetSpan("a/b".into(), "c d".into());
        assert_eq!(find("GET", "/api/v1/traces/a%2Fb/spans/c%20d"), Ok(span));
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
    fn the_operators_paths_are_for_no_other_origin() {
        for (path, page, shared) in [
            ("/api/v1/traces", false, true),
            ("/api/v1/health", false, true),
            ("/api/v1/administrators", false, true),
            ("/api/v1/admin", false, false),
            ("/api/v1/admin/", false, false),
            ("/api/v1/admin/replay", false, false),
            ("/api/v1/admin/none", false, false),
            ("/traces", true, false),
        ] {
            let headers = common_headers(&Asked { id: "", path, secure: false }, page);
            let found = headers.iter().any(|(name, _)| name.starts_with("access-control-"));
            assert_eq!(found, shared, "{path}");
        }
        for path in ["/api/v1/admin/replay", "/api/v1/admin/replay/"] {
            assert_eq!(Route::find("POST", path), Ok(Route::Replay));
            let allow = Err(Reject::MethodNotAllowed { allow: "POST" });
            assert_eq!(Route::find("OPTIONS", path), allow);
        }
    }

    #[test]
    fn every_response_forbids_sniffing_and_over_https_everything_else() {
        for page in [false, true] {
            for (secure, expected) in [(false, 0), (true, 1)] {
                let headers = common_headers(&Asked { id: "", path: "/", secure }, page);
                let count = |wanted| headers.iter().filter(|(name, _)| *name == wanted).count();
                assert_eq!(count("x-content-type-options"), 1);
                assert_eq!(count("strict-transport-security"), expected);
            }
        }
    }

    /// One failure of each kind. The match makes whoever adds one add it here.
    fn failures() -> Vec<(Error, u16, &'static str, Severity)> {
        let text = String::new;
        let all: [Error; 10] = [
            Reject::invalid("p", "m").into(),
            Reject::Unauthorized("").into(),
            Reject::Forbidden("").into(),
            Reject::NotFound(text()).into(),
            Reject::MethodNotAllowed { allow: "GET" }.into(),
            Reject::TooLarge(text()).into(),
            Reject::UnsupportedMediaType(text()).into(),
            Reject::RateLimited { limit: 1, window_s: 10 }.into(),
            Fault::Internal(text()).into(),
            Fault::Unavailable { what: "d1", why: text() }.into(),
        ];
        let expected = |error: &Error| match error {
            Error::Reject(reject) => match reject {
                Reject::Validation { .. } => (400, "VALIDATION_ERROR", Severity::Info),
                Reject::Unauthorized(_) => (401, "UNAUTHORIZED", Severity::Info),
                Reject::Forbidden(_) => (403, "FORBIDDEN", Severity::Info),
                Reject::NotFound(_) => (404, "NOT_FOUND", Severity::Info),
                Reject::MethodNotAllowed { .. } => (405, "METHOD_NOT_ALLOWED", Severity::Info),
                Reject::TooLarge(_) => (413, "PAYLOAD_TOO_LARGE", Severity::Info),
                Reject::UnsupportedMediaType(_) => (415, "UNSUPPORTED_MEDIA_TYPE", Severity::Info),
                Reject::RateLimited { .. } => (429, "RATE_LIMIT_EXCEEDED", Severity::Info),
            },
            Error::Fault(Fault::Internal(_)) => (500, "INTERNAL_ERROR", Severity::Error),
            Error::Fault(Fault::Unavailable { .. }) => (503, "UNAVAILABLE", Severity::Warning),
        };
        let with = |error| {
            let (status, code, severity) = expected(&error);
            (error, status, code, severity)
        };
        all.into_iter().map(with).collect()
    }

    #[test]
    fn answer_page_log_and_metrics_agree_on_every_failure() {
        let failures = failures();
        assert_eq!(failures.iter().map(|f| f.2).collect::<HashSet<_>>().len(), 10);
        for (error, status, code, severity) in failures {
            assert_eq!(error.kind(), Kind { status, code, severity });
            let reply = Reply::error(&error, "req-1");
            let body: Value = serde_json::from_str(&reply.body).unwrap();
            assert_eq!((reply.status, body["error"]["code"].as_str()), (status, Some(code)));
            let (page, text) = dashboard::layout::error(&error, None, "req-1");
            assert_eq!(page, status);
            assert!(text.into_string().contains(&status.to_string()));
            let point = metrics::rejected(Some("p"), &error).map(|point| point.reason);
            assert_eq!(point, (status != 404 && status != 405).then_some(code));
        }
    }

    #[test]
    fn what_may_have_been_kept_is_not_said_to_be_refused() {
        let fault = Fault::Unavailable { what: "r2 put", why: String::new() };
        let reply = Reply::error(&fault.into(), "req-1");
        assert!(reply.body.contains("counts once"), "{}", reply.body);
        assert!(!reply.body.contains("nothing"), "{}", reply.body);
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
