//! A response before the platform sees it, and what a failure reads like to those who
//! call the API. Headers that every response has are `http`'s.

use serde_json::{Value, json};

use crate::error::{Error, Fault, Kind, Reject};

/// Seconds after which a client should try again when storage was down.
const RETRY_AFTER_S: &str = "5";

/// A response before the platform sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers besides those that every response has.
    pub headers: Vec<(&'static str, String)>,
    /// What the headers say it is, or nothing.
    pub body: Vec<u8>,
    /// Whether it is a page: one is for this origin alone, the API for any.
    pub page: bool,
}

impl Reply {
    /// A status and nothing more.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), page: false }
    }

    /// A body of this content type.
    #[must_use]
    pub fn content(status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::empty(status) }.with("content-type", content_type)
    }

    /// JSON text.
    #[must_use]
    pub fn json(status: u16, body: String) -> Self {
        Self::content(status, "application/json; charset=utf-8", body)
    }

    /// 200 with a `data` that is JSON already.
    #[must_use]
    pub fn data(mut data: String) -> Self {
        // Within what it has of room: an answer may be large, and is not copied.
        data.insert_str(0, r#"{"data":"#);
        data.push_str(r#","error":null}"#);
        Self::json(200, data)
    }

    /// The same for something that was made: 201.
    #[must_use]
    pub fn created(data: String) -> Self {
        Self { status: 201, ..Self::data(data) }
    }

    /// A page, or a part of one.
    #[must_use]
    pub fn html(status: u16, html: impl Into<String>) -> Self {
        Self::content(status, "text/html; charset=utf-8", html.into()).as_page()
    }

    /// What a client sent, as it is, for people. It is no document of this origin, whatever a
    /// browser takes it for.
    #[must_use]
    pub fn raw_payload(content_type: &str, text: String) -> Self {
        Self::content(200, format!("{content_type}; charset=utf-8"), text)
            .as_page()
            .with("content-security-policy", "default-src 'none'; sandbox")
    }

    /// Go and look there, with a GET: for people.
    #[must_use]
    pub fn see(path: impl Into<String>) -> Self {
        Self::empty(303).with("location", path).as_page()
    }

    /// The same, as a page.
    #[must_use]
    pub fn as_page(self) -> Self {
        Self { page: true, ..self }
    }

    /// The same with a header more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body, where it is text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The answer of the API to a failure: its status and code are those of
    /// [`Error::kind`], and here is what the caller reads.
    #[must_use]
    pub fn error(error: &Error, request_id: &str) -> Self {
        let details = match error {
            Error::Reject(Reject::Validation { details, .. }) => Some(json!(details)),
            _ => None,
        };
        let Kind { status, code, .. } = error.kind();
        let mut body = json!({ "code": code, "message": error_message(error, request_id) });
        if let (Some(details), Value::Object(body)) = (details, &mut body) {
            body.insert("details".into(), details);
        }
        let reply = Self::json(status, json!({ "data": null, "error": body }).to_string());
        error_headers(error).into_iter().fold(reply, |reply, (name, value)| reply.with(name, value))
    }
}

/// What the caller reads of a failure. Of our own it learns nothing but the request's
/// id, by which the log has it.
#[must_use]
pub fn error_message(error: &Error, request_id: &str) -> String {
    match error {
        // Not that nothing was kept: R2 may have a batch and not have said so.
        Error::Fault(Fault::Unavailable { .. }) => format!(
            "this could not be done at the moment; send it again, it counts once (request {request_id})"
        ),
        Error::Fault(Fault::Internal(_)) => {
            format!("something went wrong here (request {request_id})")
        }
        Error::Reject(reject) => reject.to_string(),
    }
}

/// What headers say of a failure: when to come back, and what may be asked.
#[must_use]
pub fn error_headers(error: &Error) -> Vec<(&'static str, String)> {
    match error {
        Error::Fault(Fault::Unavailable { .. }) => vec![("retry-after", RETRY_AFTER_S.into())],
        Error::Reject(Reject::Unauthorized(_)) => vec![("www-authenticate", "Bearer".into())],
        Error::Reject(Reject::MethodNotAllowed { allow }) => vec![("allow", allow.clone())],
        Error::Reject(Reject::QuotaExceeded { retry_after_s }) => {
            vec![("retry-after", retry_after_s.to_string())]
        }
        Error::Reject(Reject::RateLimited { limit, window_s }) => vec![
            ("retry-after", window_s.to_string()),
            ("ratelimit-limit", limit.to_string()),
            ("ratelimit-remaining", "0".into()),
            ("ratelimit-reset", window_s.to_string()),
        ],
        Error::Reject(Reject::UnsupportedMediaType(_)) => {
            vec![("accept-encoding", "gzip, deflate".into())]
        }
        _ => Vec::new(),
    }
}
