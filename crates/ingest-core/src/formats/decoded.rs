//! What a decoder says of a body, and what its sender is told, whatever the format.

use serde_json::{Value, json};

use crate::error::{Detail, Reject};
use crate::model::Millis;
use crate::reply::Reply;

/// What a body had in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// All events, good and bad.
    pub events: usize,
    /// The good ones.
    pub accepted: usize,
    /// The bad ones.
    pub invalid: usize,
    /// Everything that is wrong with the bad ones, counted.
    pub problems: usize,
    /// The first [`crate::limits::MAX_DETAILS`] problems, by event.
    pub details: Vec<Detail>,
    /// What the client is to read of its events once they are kept, in formats that answer
    /// each of them: made here, where the body is.
    pub answer: Option<String>,
}

impl Decoded {
    /// The 400 for a batch that is refused for its bad events.
    #[must_use]
    pub fn into_reject(self) -> Reject {
        let Self { events, invalid, problems, details, .. } = self;
        let verb = if invalid == 1 { "is" } else { "are" };
        let listed = details.len();
        let rest = if listed < problems {
            format!("; the first {listed} of {problems} problems are listed")
        } else {
            String::new()
        };
        let message = format!("{invalid} of {events} events {verb} invalid{rest}");
        Reject::Validation { message, details }
    }
}

/// What a client is told of a batch that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How many events will be in the database.
    pub events: usize,
    /// How many were not taken, and why: only for lenient handling.
    pub refused: Option<(usize, Vec<Detail>)>,
    /// Whether lenient handling was in force because the request asked for it.
    pub lenient: bool,
    /// [`Decoded::answer`].
    pub answer: Option<String>,
    /// What the batch is called that has them, if any is kept.
    pub kept: Option<Kept>,
}

/// A batch that is kept, as far as its events take something from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub batch: String,
    /// When it was received.
    pub received: Millis,
}

impl Receipt {
    /// The number of events and, where bad ones were left out, each of them; for clients that
    /// read no more than the status, and people.
    #[must_use]
    pub fn to_reply(&self, status: u16) -> Reply {
        let Self { events, refused, .. } = self;
        let mut body = json!({ "accepted": events });
        if let (Some((rejected, errors)), Value::Object(body)) = (refused, &mut body) {
            body.insert("rejected".into(), json!(rejected));
            body.insert("errors".into(), json!(errors));
        }
        Reply::json(status, body.to_string())
    }
}
