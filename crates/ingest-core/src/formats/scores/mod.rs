//! Scores as clients of this service's own API send them: one, an array of them, or an
//! object with `scores`. [`read`] finds them in a body and says what is wrong with each,
//! [`reply`] is what a client reads of them.
//!
//! - The same body counts again each time that it is sent: without an `id`, or an
//!   `Idempotency-Key` in its place, each is another score, and with one the last that was sent
//!   counts, also where it was sent before.
//! - Scores say no time. They are as of their receipt, which is in the batch's key.
//! - A deletion is an event as well, in a format of its own that nobody posts: so what R2
//!   says comes to the same, whatever of it is written again, and in which order. So are
//!   ratings, which people make on pages ([`rating`]).

pub mod rating;
mod read;
mod reply;

use std::borrow::Cow;

use super::content_type::{JSON, is_json};
use super::decoded::Decoded;
use super::wire_format::{EventBytes, Extras, WireFormat};
use crate::error::Reject;
use crate::limits::{MAX_ID_BYTES, MAX_SCORES_BODY_BYTES};
use crate::model::{Event, ScoreSource};
use crate::reply::Reply;

/// Scores.
pub const FORMAT: WireFormat = WireFormat {
    ending: "scores.json",
    paths: &["/api/v1/scores"],
    unkept_paths: &[],
    accepts: |content_type| content_type.is_none_or(is_json),
    content_type: JSON,
    max_body_bytes: MAX_SCORES_BODY_BYTES,
    keeps_good_events: false,
    check: |body| read::check(body, ScoreSource::Client),
    decode: |body| decode(body, ScoreSource::Client),
    decode_event: |bytes| decode_event(bytes, ScoreSource::Client),
    show_event: |bytes| text_of(bytes).map(Cow::Borrowed),
    accepted: |receipt, _| reply::accepted(receipt),
    unkept: || Reply::empty(204),
    rejected: Reply::error,
    extras: Extras {
        counts_again: true,
        prepare: |_, key, body| Ok(key.and_then(|key| identified(key, body))),
        ..Extras::NONE
    },
};

/// One score with an id that its request has in a header, which counts where itself says none;
/// `None` for a body that is no object.
fn identified(key: &str, body: &[u8]) -> Option<Vec<u8>> {
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let rest = body.get(start..)?.strip_prefix(b"{")?;
    let is_empty = rest.trim_ascii_start().first() == Some(&b'}');
    let id = serde_json::to_string(key).ok()?;
    let comma = if is_empty { "" } else { "," };
    Some([format!(r#"{{"id":{id}{comma}"#).as_bytes(), rest].concat())
}

/// What evaluators of this service say, as it writes that down: an array of the same, with ids
/// of its own and `createdAt`, milliseconds since the epoch. Nobody posts it.
pub const JUDGED: WireFormat = WireFormat {
    ending: "judged.json",
    paths: &[],
    check: |body| read::check(body, ScoreSource::Evaluator),
    decode: |body| decode(body, ScoreSource::Evaluator),
    decode_event: |bytes| decode_event(bytes, ScoreSource::Evaluator),
    extras: Extras::NONE,
    ..FORMAT
};

/// The deletion of a score, as the edge makes it of a request that has no body.
pub const DELETION: WireFormat = WireFormat {
    ending: "unscore.json",
    paths: &[],
    max_body_bytes: 8 * MAX_ID_BYTES,
    check: |body| {
        let events = read::deletion(body).into_iter().count();
        let invalid = 1 - events;
        Ok(Decoded { events: 1, accepted: events, invalid, ..Decoded::default() })
    },
    decode: |body| {
        let odd = || Reject::invalid("id", "expected the id of a score");
        Ok(vec![read::deletion(body).ok_or_else(odd)?])
    },
    decode_event: |bytes| read::deletion(bytes.own).into_iter().collect(),
    extras: Extras::NONE,
    ..FORMAT
};

/// The body of a [`DELETION`].
#[must_use]
pub fn deletion_of(id: &str) -> Vec<u8> {
    serde_json::json!({ "id": id }).to_string().into_bytes()
}

fn decode(body: &[u8], by: ScoreSource) -> Result<Vec<Event<'_>>, Reject> {
    let mut events = Vec::new();
    read::scores(body, by, |event| events.push(event))?;
    Ok(events)
}

fn decode_event<'a>(bytes: &EventBytes<'a>, by: ScoreSource) -> Vec<Event<'a>> {
    text_of(bytes).and_then(|text| read::single(text, by)).into_iter().collect()
}

/// An event's bytes as text: these formats have no context.
fn text_of<'a>(bytes: &EventBytes<'a>) -> Option<&'a str> {
    std::str::from_utf8(bytes.own).ok()
}
