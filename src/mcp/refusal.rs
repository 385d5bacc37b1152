//! How a tool fails: by telling what to do instead, or because something did not answer.
//! Neither repeats an argument or anything recorded.

use crate::error::{Error, Fault, Reject};

/// Why a tool has no answer.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The caller reads this, and mends it.
    Told(String),
    /// Something here did not do its part; the log is told which.
    Failed(Error),
}

/// No trace.
const NO_TRACE: &str = "No trace has this id in this project. search_traces finds ids; one just sent can take a second.";
/// No span.
const NO_SPAN: &str = "This trace has no span with this id. get_trace lists its spans.";

impl Refusal {
    pub(super) fn no_trace() -> Self {
        Self::Told(NO_TRACE.into())
    }

    pub(super) fn no_span() -> Self {
        Self::Told(NO_SPAN.into())
    }

    /// What the caller reads, and what the log does.
    pub(super) fn say(self) -> (String, Option<Error>) {
        match self {
            Self::Told(why) => (why, None),
            Self::Failed(Error::Fault(Fault::Internal(why))) => (
                "Something went wrong here. Trying again will not help; its operator's log says what.".into(),
                Some(Fault::Internal(why).into()),
            ),
            Self::Failed(Error::Reject(reject)) => (reject.to_string(), None),
            Self::Failed(fault) => {
                ("Storage is not answering. Try again in 5 seconds.".into(), Some(fault))
            }
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.into())
    }
}

impl From<Reject> for Refusal {
    fn from(reject: Reject) -> Self {
        Self::Failed(reject.into())
    }
}
