//! The two ways to fail: [`Reject`] is the caller's fault and says how to mend
//! it; [`Fault`] is ours and says nothing to the caller. [`Error::kind`] says
//! what each is to the caller, the log and the metrics.

use std::fmt;

use serde::Serialize;

/// One thing wrong with a request: where, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The event's place in `batch`, from 0; absent when no event is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// Where it is, as a JSON path from the body's root: `batch[3].body.name`.
    pub path: String,
    /// What was expected there and what was found.
    pub message: String,
}

/// The caller's fault. Nothing was stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Reject {
    /// 400: the body or the query is not what it should be.
    Validation {
        /// The whole, in one sentence.
        message: String,
        /// Each problem, at most [`crate::limits::MAX_DETAILS`] of them.
        details: Vec<Detail>,
    },
    /// 401: no key, not a key, an unknown or a revoked one. Which of them is
    /// not said, but for what the caller can see itself.
    Unauthorized(&'static str),
    /// 403: a form that another site may have sent.
    Forbidden(&'static str),
    /// 404: no such path, or nothing there for this project.
    NotFound(String),
    /// 405: the path is right and the method is not.
    MethodNotAllowed {
        /// The methods that the path knows, as the `Allow` header has them.
        allow: String,
    },
    /// 409: something there is in the way: a name that is taken, a change by somebody else.
    Conflict(String),
    /// 413: more bytes or events than are taken at once.
    TooLarge(String),
    /// 429: over a limit of `access::rate_limits`.
    RateLimited {
        /// Requests that are let through in a window.
        limit: u32,
        /// The window, in seconds.
        window_s: u32,
    },
    /// 429: the project has as many traces this month as it may have.
    QuotaExceeded {
        /// Seconds until the next month.
        retry_after_s: i64,
    },
    /// 415: a content type or encoding that cannot be read.
    UnsupportedMediaType(String),
}

/// Whether somebody who runs this service should look at a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It is the caller's to mend.
    Info,
    /// It may pass by itself.
    Warning,
    /// It will not.
    Error,
}

/// What a failure is to everybody who is told of it: the caller, the log and
/// the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The status of the answer.
    pub status: u16,
    /// The code of the answer, as clients match it.
    pub code: &'static str,
    /// How the log says it.
    pub severity: Severity,
}

impl Reject {
    /// A 400 with a single detail, whose message is the whole's too.
    pub fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        let (path, message) = (path.into(), message.into());
        Self::Validation {
            message: format!("{path}: {message}"),
            details: vec![Detail { index: None, path, message }],
        }
    }
}

/// What the caller reads.
impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Validation { message, .. } => f.write_str(message),
            Self::Unauthorized(why) | Self::Forbidden(why) => f.write_str(why),
            Self::NotFound(what)
            | Self::Conflict(what)
            | Self::TooLarge(what)
            | Self::UnsupportedMediaType(what) => f.write_str(what),
            Self::MethodNotAllowed { allow } => write!(f, "this path takes {allow}"),
            Self::QuotaExceeded { .. } => f.write_str(
                "this project has as many traces this month as its operator lets it have; nothing was kept",
            ),
            Self::RateLimited { limit, window_s } => {
                write!(
                    f,
                    "more than {limit} requests in {window_s} seconds; wait and send it again"
                )
            }
        }
    }
}

/// Our fault, or the platform's. The text is for the log, never for a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A service that this one stands on did not do its part; trying again
    /// later is sensible. Becomes 503 and, in the consumer, a retry.
    Unavailable {
        /// Which service, and what it was asked for: `r2 put`.
        what: &'static str,
        /// What it said.
        why: String,
    },
    /// Something that cannot be: a row that does not decode, a binding that is
    /// not there. Becomes 500.
    Internal(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { what, why } => write!(f, "{what}: {why}"),
            Self::Internal(why) => f.write_str(why),
        }
    }
}

/// Either way to fail.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// See [`Reject`].
    Reject(Reject),
    /// See [`Fault`].
    Fault(Fault),
}

impl Error {
    /// The one table of failures: status, code and severity of each.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let (status, code, severity) = match self {
            Self::Reject(reject) => {
                let (status, code) = match reject {
                    Reject::Validation { .. } => (400, "VALIDATION_ERROR"),
                    Reject::Unauthorized(_) => (401, "UNAUTHORIZED"),
                    Reject::Forbidden(_) => (403, "FORBIDDEN"),
                    Reject::NotFound(_) => (404, "NOT_FOUND"),
                    Reject::MethodNotAllowed { .. } => (405, "METHOD_NOT_ALLOWED"),
                    Reject::Conflict(_) => (409, "CONFLICT"),
                    Reject::TooLarge(_) => (413, "PAYLOAD_TOO_LARGE"),
                    Reject::UnsupportedMediaType(_) => (415, "UNSUPPORTED_MEDIA_TYPE"),
                    Reject::QuotaExceeded { .. } => (429, "QUOTA_EXCEEDED"),
                    Reject::RateLimited { .. } => (429, "RATE_LIMIT_EXCEEDED"),
                };
                (status, code, Severity::Info)
            }
            Self::Fault(Fault::Internal(_)) => (500, "INTERNAL_ERROR", Severity::Error),
            Self::Fault(Fault::Unavailable { .. }) => (503, "UNAVAILABLE", Severity::Warning),
        };
        Kind { status, code, severity }
    }
}

impl From<Reject> for Error {
    fn from(r: Reject) -> Self {
        Self::Reject(r)
    }
}

impl From<Fault> for Error {
    fn from(f: Fault) -> Self {
        Self::Fault(f)
    }
}
