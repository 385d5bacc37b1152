//! 2Signal's wire format: from the bytes of a request's body to borrowed events, or
//! to every reason why not. One pass over the body, no tree of values, no
//! recursion; only text with escapes in it, tags and problems are allocated.
//! Storing, merging and linking events is left to others.
//!
//! A body goes through `envelope` (its shape) over [`crate::json`] (its grammar);
//! `keys` tells which field a key is, and `fields` keeps each one's value in a
//! slot. `validate` makes an event of the slots. [`crate::json::error`] says why a
//! body is refused whole, and `reply` what a client reads when its batch is kept.
//!
//! What is accepted, where the endpoint's document leaves it open:
//! - a `null` means missing everywhere, so it never replaces a value that the
//!   same object has for the same field, in either spelling; among several
//!   values the last counts;
//! - an empty event id, span id, parent span id or parent trace id means
//!   missing; an empty trace id is refused;
//! - an id with half of a surrogate pair in it is refused, as are `.` and `..`; in
//!   all other texts such a half becomes U+FFFD;
//! - of tags and evaluators, the first [`crate::limits::MAX_TAGS`] are given
//!   and all are checked: five million bytes hold millions of them;
//! - a field that only the other type of event has is unknown, hence ignored.

mod envelope;
mod fields;
mod keys;
mod reply;
mod validate;

use std::borrow::Cow;

use super::content_type::{JSON, is_json};
use super::decoded::Decoded;
use super::wire_format::{EventBytes, Extras, WireFormat};
use crate::error::Reject;
use crate::json::error as json_error;
use crate::limits::MAX_BODY_BYTES;
use crate::model::Event;
use crate::reply::Reply;

/// The row of this format. A missing content type is JSON: plain `fetch` and many a
/// hand-written client send none.
pub const FORMAT: WireFormat = WireFormat {
    ending: "json",
    paths: &["/api/v1/traces"],
    unkept_paths: &[],
    accepts: |content_type| content_type.is_none_or(is_json),
    content_type: JSON,
    max_body_bytes: MAX_BODY_BYTES,
    keeps_good_events: false,
    check: |body| decode(body, |_| {}),
    decode: |body| {
        let mut events = Vec::new();
        decode(body, |event| events.push(event))?;
        Ok(events)
    },
    decode_event: |bytes| text_of(bytes).and_then(decode_event).into_iter().collect(),
    show_event: |bytes| text_of(bytes).map(Cow::Borrowed),
    accepted: |receipt, _| reply::accepted(receipt),
    unkept: || Reply::empty(204),
    rejected: Reply::error,
    extras: Extras::NONE,
};

/// An event's bytes as text: this format has no context.
fn text_of<'a>(bytes: &EventBytes<'a>) -> Option<&'a str> {
    std::str::from_utf8(bytes.own).ok()
}

/// Decodes the body of a request: `each` is given every good event, in order.
///
/// Events are given away as they are met, before the rest of the body has been
/// looked at. On `Err`, whatever `each` has kept must be dropped.
///
/// # Errors
///
/// What condemns the whole body: too many bytes or events, bytes that are not
/// UTF-8, text that is not JSON or too deep, and a root that is not an object
/// with exactly one array `batch`. Bad events do not; they are in [`Decoded`].
pub fn decode<'a>(body: &'a [u8], each: impl FnMut(Event<'a>)) -> Result<Decoded, Reject> {
    let text = text(body)?;
    envelope::document(text, each).map_err(|error| error.into_reject(text))
}

/// The body as text, which is the first thing that it has to be. Sixteen bytes
/// at a time: a twentieth of decoding took to check them one by one.
fn text(body: &[u8]) -> Result<&str, Reject> {
    if body.len() > MAX_BODY_BYTES {
        let message = format!("the body has {} bytes, over {MAX_BODY_BYTES}", body.len());
        return Err(Reject::TooLarge(message));
    }
    simdutf8::basic::from_utf8(body)
        .or_else(|_| std::str::from_utf8(body).map_err(|e| json_error::not_utf8(e.valid_up_to())))
}

/// Decodes one event's own JSON, the [`Event::range`] of a body, once more.
/// Its index is 0. `None` if it is not a good event.
#[must_use]
pub fn decode_event(event: &str) -> Option<Event<'_>> {
    envelope::single(event)
}
