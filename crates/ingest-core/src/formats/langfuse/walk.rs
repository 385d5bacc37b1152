//! The shape of a body, `{"batch":[{…,"body":{…}}]}`: where each known field of an event
//! lies. One pass, which nothing recurses in. `body` may come before the `type` that says
//! what it is, so `event` reads the places at the event's end.

use super::event;
use super::event::{Found, Meaning};
use super::places::{Envelope, Fields};
use crate::json::descend;
use crate::json::error::{SyntaxError, SyntaxErrorKind};
use crate::json::lex::next;
use crate::json::scan;
use crate::json::value::{Kind, Value};
use crate::limits::MAX_EVENTS;

/// How many arrays and objects are open around what is in the root.
const ROOT: usize = 1;
/// Around an event.
const BATCH: usize = 2;
/// Around an event's fields.
const EVENT: usize = 3;
/// Around the fields of `body`.
const BODY: usize = 4;

/// The whole body.
pub(super) fn document<'a>(
    text: &'a str,
    each: &mut dyn FnMut(Found<'a>),
) -> Result<(), SyntaxError> {
    let start = root(text)?;
    let mut known = false;
    let end = descend::object(text, start, 0, &mut |key, at| {
        if key != "batch" {
            return descend::skip(text, at, ROOT);
        }
        let (found, at) = next(text.as_bytes(), at);
        if found != b'[' {
            let value = descend::value(text, at, ROOT)?;
            return match value.kind() {
                Kind::Null => Ok(value.range().end),
                kind => Err(SyntaxError { at, why: SyntaxErrorKind::Batch(kind) }),
            };
        }
        if std::mem::replace(&mut known, true) {
            return Err(SyntaxError { at, why: SyntaxErrorKind::BatchTwice });
        }
        batch(text, at, each)
    })?;
    scan::end(text.as_bytes(), end)?;
    if known { Ok(()) } else { Err(SyntaxError { at: end, why: SyntaxErrorKind::NoBatch }) }
}

/// The place of the root, which has to be an object.
fn root(text: &str) -> Result<usize, SyntaxError> {
    let (found, start) = next(text.as_bytes(), 0);
    if found == b'{' {
        return Ok(start);
    }
    let value = descend::value(text, start, 0)?;
    scan::end(text.as_bytes(), value.range().end)?;
    Err(SyntaxError { at: start, why: SyntaxErrorKind::Root(value.kind()) })
}

/// The array of events at `at`, and the place after it.
fn batch<'a>(
    text: &'a str,
    at: usize,
    each: &mut dyn FnMut(Found<'a>),
) -> Result<usize, SyntaxError> {
    let mut index = 0;
    descend::array(text, at, ROOT, &mut |at| {
        let (found, start) = next(text.as_bytes(), at);
        if index == MAX_EVENTS {
            return Err(SyntaxError { at: start, why: SyntaxErrorKind::TooManyEvents });
        }
        let (id, meaning, end) = if found == b'{' {
            let (envelope, fields, end) = fields(text, start)?;
            let id = envelope.id.map(|id| id.raw(text)).unwrap_or_default();
            (id, event::event(text, &envelope, &fields, start..end, index), end)
        } else {
            let value = descend::value(text, start, BATCH)?;
            ("", event::not_an_event(value), value.range().end)
        };
        each(Found { index, id, meaning });
        index += 1;
        Ok(end)
    })
}

/// The fields of the event at `start`, and the place after it.
fn fields(text: &str, start: usize) -> Result<(Envelope, Fields, usize), SyntaxError> {
    let (mut envelope, mut fields) = (Envelope::default(), Fields::default());
    let end = descend::object(text, start, BATCH, &mut |key, at| {
        let (found, at) = next(text.as_bytes(), at);
        let value = if key == "body" && found == b'{' {
            fields = Fields::default();
            let end = body(text, at, BODY, &mut fields)?;
            Value::new(Kind::Object, at, end)
        } else {
            descend::value(text, at, EVENT)?
        };
        envelope.set(key, value);
        Ok(value.range().end)
    })?;
    Ok((envelope, fields, end))
}

/// The fields of the object at `at`, and the place after it.
fn body(text: &str, at: usize, depth: usize, fields: &mut Fields) -> Result<usize, SyntaxError> {
    descend::object(text, at, depth - 1, &mut |key, at| {
        let value = descend::value(text, at, depth)?;
        fields.set(key, value);
        Ok(value.range().end)
    })
}

/// An event by itself, with the depth that it has in a batch.
pub(super) fn single(text: &str) -> Option<Meaning<'_>> {
    let (found, start) = next(text.as_bytes(), 0);
    if found != b'{' {
        return None;
    }
    let (envelope, fields, end) = fields(text, start).ok()?;
    scan::end(text.as_bytes(), end).ok()?;
    Some(event::event(text, &envelope, &fields, start..end, 0))
}

/// A body that is a score's, and the score's id.
pub(super) fn score(text: &str) -> Result<(Meaning<'_>, String), SyntaxError> {
    let start = root(text)?;
    let mut fields = Fields::default();
    let end = body(text, start, ROOT, &mut fields)?;
    scan::end(text.as_bytes(), end)?;
    Ok(event::score_alone(text, &fields, start..end))
}
