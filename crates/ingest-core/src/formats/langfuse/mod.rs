//! Langfuse's own wire format, that of its SDKs before they spoke OpenTelemetry (Python 2,
//! JavaScript 3): batches of events that create a trace, an observation or a score, or
//! change a part of one. Most events say little: an observation is at least two of them.
//! And the body of one score by itself, which its current SDKs post.
//!
//! A body goes through `walk` (its shape, in one pass over [`crate::json`]), which keeps
//! the `places` of known fields; `event` makes an event of them (`usage` and `score` their
//! parts of it), by `read`, which says what is wrong; `reply` is what clients read.
//!
//! What is accepted, where Langfuse's reference leaves it open:
//! - a `null` means missing; of a key given twice the last value counts;
//! - fields that are not known, or that the object has not, are left in the raw batch;
//! - an observation without a trace is a trace of its own, as SDKs before version 2 had it;
//!   what has no id has that of its event;
//! - metadata that is no object is one with it under `metadata`, as Langfuse keeps it;
//! - the message of a status is an error's where the level is `ERROR`, or where an update
//!   says none;
//! - tokens and cost are read of calls of models only.

mod event;
mod places;
mod read;
mod reply;
mod score;
mod usage;
mod walk;

use std::borrow::Cow;

use self::event::{Found, Meaning};
use super::content_type::JSON;
use super::decoded::Decoded;
use super::field;
use super::field::Problem;
use super::wire_format::{EventBytes, Extras, WireFormat};
use crate::error::{Detail, Reject};
use crate::limits::{MAX_BODY_BYTES, MAX_DETAILS};
use crate::model::Event;
use crate::reply::Reply;

/// The row of batches. Any content type will do: a batch that is refused for it is lost.
pub const BATCH: WireFormat = WireFormat {
    ending: "langfuse.json",
    paths: &["/api/public/ingestion"],
    unkept_paths: &[],
    accepts: |_| true,
    content_type: JSON,
    max_body_bytes: MAX_BODY_BYTES,
    keeps_good_events: true,
    check,
    decode: |body| {
        let mut events = Vec::new();
        document(body, &mut |found| events.extend(found.meaning.into_event()))?;
        Ok(events)
    },
    decode_event: |bytes| text_of(bytes).and_then(decode_event).into_iter().collect(),
    show_event: |bytes| text_of(bytes).map(Cow::Borrowed),
    accepted: |receipt, _| reply::accepted(receipt),
    unkept: || Reply::json(200, "{}".into()),
    rejected: reply::rejected,
    extras: Extras::NONE,
};

/// The row of a score by itself: the body is the event's.
pub const SCORE: WireFormat = WireFormat {
    ending: "langfuse.score",
    paths: &["/api/public/scores"],
    keeps_good_events: false,
    check: check_score,
    decode: |body| {
        let (meaning, _) = alone(text(body)?)?;
        Ok(meaning.into_event().into_iter().collect())
    },
    decode_event: |bytes| {
        let found = text_of(bytes).and_then(|text| alone(text).ok());
        found.and_then(|(meaning, _)| meaning.into_event()).into_iter().collect()
    },
    accepted: |receipt, _| reply::score(receipt),
    ..BATCH
};

/// Gives each item of a batch away, in order. On `Err`, what came of it must be dropped.
fn document<'a>(body: &'a [u8], each: &mut dyn FnMut(Found<'a>)) -> Result<(), Reject> {
    let text = text(body)?;
    walk::document(text, each).map_err(|error| error.into_reject(text))
}

fn decode_event(text: &str) -> Option<Event<'_>> {
    let fits = text.len() <= MAX_BODY_BYTES;
    fits.then(|| walk::single(text)).flatten().and_then(Meaning::into_event)
}

/// The score that a body is, and its id.
fn alone(text: &str) -> Result<(Meaning<'_>, String), Reject> {
    walk::score(text).map_err(|error| error.into_reject(text))
}

fn check(body: &[u8]) -> Result<Decoded, Reject> {
    let mut decoded = Decoded::default();
    let mut answer = reply::Answer::default();
    document(body, &mut |found| {
        decoded.events += 1;
        match &found.meaning {
            Meaning::Event(_) => decoded.accepted += 1,
            Meaning::Nothing => {}
            Meaning::Bad(problems) => {
                decoded.invalid += 1;
                decoded.problems += problems.len();
                let room = MAX_DETAILS.saturating_sub(decoded.details.len());
                let details = problems.iter().take(room);
                let event = format!("batch[{}]", found.index);
                decoded.details.extend(details.map(|problem| problem.detail(&event, found.index)));
            }
        }
        answer.add(&found);
    })?;
    decoded.answer = Some(answer.end());
    Ok(decoded)
}

fn check_score(body: &[u8]) -> Result<Decoded, Reject> {
    let (meaning, id) = alone(text(body)?)?;
    let mut decoded = Decoded { events: 1, accepted: 1, ..Decoded::default() };
    if let Meaning::Bad(problems) = meaning {
        (decoded.accepted, decoded.invalid) = (0, 1);
        decoded.problems = problems.len();
        let detail = |problem: &Problem| Detail {
            index: None,
            path: problem.field.trim_start_matches("body.").to_owned(),
            message: problem.message.clone(),
        };
        decoded.details = problems.iter().take(MAX_DETAILS).map(detail).collect();
    }
    decoded.answer = Some(id);
    Ok(decoded)
}

/// An event's bytes as text: this format has no context.
fn text_of<'a>(bytes: &EventBytes<'a>) -> Option<&'a str> {
    std::str::from_utf8(bytes.own).ok()
}

/// The body as text.
fn text(body: &[u8]) -> Result<&str, Reject> {
    if body.len() > MAX_BODY_BYTES {
        let message = format!("the body has {} bytes, over {MAX_BODY_BYTES}", body.len());
        return Err(Reject::TooLarge(message));
    }
    field::text_of(body)
}
