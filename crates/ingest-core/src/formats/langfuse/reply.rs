//! What clients read: JSON whatever happens, for Langfuse's SDK for JavaScript parses every
//! answer. An answer to a batch names each of its events.

use serde_json::{Map, Value, json};

use super::event::{Found, Meaning};
use crate::error::{Error, Kind, Reject};
use crate::formats::decoded::Receipt;
use crate::reply::{Reply, error_headers, error_message};

/// Problems that the answer says of an event.
const NAMED: usize = 5;

/// Most bytes of an event's id in an answer, which may be a bad one.
const MAX_ID_BYTES: usize = 1_024;

/// The events of a batch in two lists, as JSON.
#[derive(Default)]
pub(super) struct Answer {
    successes: String,
    errors: String,
}

impl Answer {
    /// Adds an item of the batch.
    pub(super) fn add(&mut self, Found { index, id, meaning }: &Found<'_>) {
        let Meaning::Bad(problems) = meaning else {
            let comma = if self.successes.is_empty() { "" } else { "," };
            self.successes.extend([comma, "{\"id\":", id, ",\"status\":201}"]);
            return;
        };
        let named = problems.iter().take(NAMED).map(|problem| {
            let detail = problem.detail(&format!("batch[{index}]"), *index);
            format!("{}: {}", detail.path, detail.message)
        });
        let message = named.collect::<Vec<_>>().join("; ");
        // What is no string is no id.
        let id = Some(*id).filter(|id| id.starts_with('"') && id.len() <= MAX_ID_BYTES);
        let message = Value::from(message).to_string();
        let comma = if self.errors.is_empty() { "" } else { "," };
        self.errors.extend([
            comma,
            "{\"id\":",
            id.unwrap_or("\"\""),
            ",\"status\":400,\"message\":",
            &message,
            ",\"error\":\"Invalid request data\"}",
        ]);
    }

    pub(super) fn end(self) -> String {
        let Self { successes, errors } = self;
        format!("{{\"successes\":[{successes}],\"errors\":[{errors}]}}")
    }
}

/// 207, which is what Langfuse answers to every batch.
pub(super) fn accepted(receipt: &Receipt) -> Reply {
    Reply::json(207, receipt.answer.clone().unwrap_or_default())
}

/// The id of a score that is kept.
pub(super) fn score(receipt: &Receipt) -> Reply {
    Reply::json(200, json!({ "id": receipt.answer }).to_string())
}

/// A failure, under the names that Langfuse's SDKs read.
pub(super) fn rejected(error: &Error, request_id: &str) -> Reply {
    let Kind { status, code, .. } = error.kind();
    let mut body = Map::new();
    body.insert("message".into(), error_message(error, request_id).into());
    body.insert("error".into(), code.into());
    if let Error::Reject(Reject::Validation { details, .. }) = error {
        body.insert("details".into(), json!(details));
    }
    let reply = Reply::json(status, Value::Object(body).to_string());
    error_headers(error).into_iter().fold(reply, |reply, (name, value)| reply.with(name, value))
}
