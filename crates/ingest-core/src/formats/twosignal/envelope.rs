//! The shape of a body: `{"batch":[{…,"body":{…,"usage":{…}}}]}`. Each level
//! is a loop of its own, so nothing recurses; what none of them knows is
//! skipped. Fields are put in slots as they are met, since `body` may come
//! before the `type` that says what it is; `validate` reads the slots at the
//! event's end.

use crate::limits::{MAX_BODY_BYTES, MAX_EVENTS};
use crate::model::Event;

use super::super::decoded::Decoded;
use super::fields::{Field, Level, Slots};
use super::keys::{Keys, Place, Step};
use super::validate;
use super::validate::Problems;
use crate::json::error::{SyntaxError, SyntaxErrorKind};
use crate::json::lex::next;
use crate::json::scan;
use crate::json::scan::{More, more};
use crate::json::value::{Kind, Value};

/// How many arrays and objects are open around what is in the root.
const ROOT: usize = 1;
/// Around an event.
const BATCH: usize = 2;
/// Around an event's fields.
const EVENT: usize = 3;
/// Around the fields of `body`.
const BODY: usize = 4;
/// Around the fields of `usage`.
const USAGE: usize = 5;

/// The whole body.
pub(super) fn document<'a>(
    text: &'a str,
    mut each: impl FnMut(Event<'a>),
) -> Result<Decoded, SyntaxError> {
    let body = text.as_bytes();
    let (found, start) = next(body, 0);
    if found != b'{' {
        let root = scan::value(body, start, 0)?;
        scan::end(body, root.range().end)?;
        return Err(SyntaxError { at: start, why: SyntaxErrorKind::Root(root.kind()) });
    }
    let mut decoded = None;
    let mut at = start + 1;
    let mut first = true;
    let end = loop {
        let key = match more(body, at, b'}', first)? {
            More::At(key) => key,
            More::End(end) => break end,
        };
        first = false;
        let (key, colon) = scan::key(body, key)?;
        let is_batch = key.text(text).is_some_and(|key| key == "batch");
        let (found, start) = next(body, colon);
        if !is_batch || found != b'[' {
            let value = scan::value(body, start, ROOT)?;
            if is_batch && value.kind() != Kind::Null {
                return Err(SyntaxError { at: start, why: SyntaxErrorKind::Batch(value.kind()) });
            }
            at = value.range().end;
        } else if decoded.is_some() {
            return Err(SyntaxError { at: start, why: SyntaxErrorKind::BatchTwice });
        } else {
            let (batch, end) = batch(text, start, &mut each)?;
            decoded = Some(batch);
            at = end;
        }
    };
    scan::end(body, end)?;
    decoded.ok_or(SyntaxError { at: end, why: SyntaxErrorKind::NoBatch })
}

/// An event by itself, with the depth that it has in a body.
pub(super) fn single(text: &str) -> Option<Event<'_>> {
    let body = text.as_bytes();
    let (found, start) = next(body, 0);
    if found != b'{' || text.len() > MAX_BODY_BYTES {
        return None;
    }
    let mut fields = Fields::new(text);
    let end = fields.event(start).ok()?;
    scan::end(body, end).ok()?;
    validate::event(text, &fields.slots, start..end, 0, &mut Problems::default())
}

/// The array of events at `start`, and the place after it.
fn batch<'a>(
    text: &'a str,
    start: usize,
    each: &mut impl FnMut(Event<'a>),
) -> Result<(Decoded, usize), SyntaxError> {
    let body = text.as_bytes();
    let mut fields = Fields::new(text);
    let mut problems = Problems::default();
    let (mut events, mut accepted) = (0, 0);
    let mut at = start + 1;
    let end = loop {
        let (found, start) = match more(body, at, b']', events == 0)? {
            More::At(at) => next(body, at),
            More::End(end) => break end,
        };
        if events == MAX_EVENTS {
            return Err(SyntaxError { at: start, why: SyntaxErrorKind::TooManyEvents });
        }
        if found == b'{' {
            at = fields.event(start)?;
            let event = validate::event(text, &fields.slots, start..at, events, &mut problems);
            if let Some(event) = event {
                accepted += 1;
                each(event);
            }
        } else {
            let value = scan::value(body, start, BATCH)?;
            problems.not_an_event(events, value.kind());
            at = value.range().end;
        }
        events += 1;
    };
    let Problems { details, total: problems } = problems;
    let invalid = events - accepted;
    Ok((Decoded { events, accepted, invalid, problems, details, answer: None }, end))
}

/// The fields of the event that is being read.
struct Fields<'a> {
    text: &'a str,
    slots: Slots,
    keys: Keys,
}

impl<'a> Fields<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, slots: Slots::new(), keys: Keys::new() }
    }

    /// The event at `start`. The place after it.
    fn event(&mut self, start: usize) -> Result<usize, SyntaxError> {
        self.slots.clear();
        let mut at = start + 1;
        let mut place = Place::start(Level::Event);
        loop {
            let (key, colon) = match self.keys.next(self.text, at, &mut place)? {
                Step::Key(key, colon) => (key, colon),
                Step::End(end) => return Ok(end),
            };
            let value = match (key, next(self.text.as_bytes(), colon)) {
                (Some((Field::Body, _)), (b'{', start)) => self.body(start)?,
                (_, (_, start)) => scan::value(self.text.as_bytes(), start, EVENT)?,
            };
            at = value.range().end;
            self.slots.set(key, value);
        }
    }

    /// An event's `body`, at `start`.
    fn body(&mut self, start: usize) -> Result<Value, SyntaxError> {
        self.slots.clear_level(Level::Body);
        let mut at = start + 1;
        let mut place = Place::start(Level::Body);
        loop {
            let (key, colon) = match self.keys.next(self.text, at, &mut place)? {
                Step::Key(key, colon) => (key, colon),
                Step::End(end) => return Ok(Value::new(Kind::Object, start, end)),
            };
            let value = match (key, next(self.text.as_bytes(), colon)) {
                (Some((Field::Usage, _)), (b'{', start)) => self.usage(start)?,
                (_, (_, start)) => scan::value(self.text.as_bytes(), start, BODY)?,
            };
            at = value.range().end;
            self.slots.set(key, value);
        }
    }

    /// A body's `usage`, at `start`.
    fn usage(&mut self, start: usize) -> Result<Value, SyntaxError> {
        self.slots.clear_level(Level::Usage);
        let mut at = start + 1;
        let mut place = Place::start(Level::Usage);
        loop {
            let (key, colon) = match self.keys.next(self.text, at, &mut place)? {
                Step::Key(key, colon) => (key, colon),
                Step::End(end) => return Ok(Value::new(Kind::Object, start, end)),
            };
            let value = scan::value(self.text.as_bytes(), colon, USAGE)?;
            at = value.range().end;
            self.slots.set(key, value);
        }
    }
}
