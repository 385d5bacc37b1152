//! The shape of a body: `{"batch":[{…,"body":{…,"usage":{…}}}]}`. Each level
//! is a loop of its own, so nothing recurses; what none of them knows is
//! skipped. Fields are put in slots as they are met, since `body` may come
//! before the `type` that says what it is; `validate` reads the slots at the
//! event's end.

use std::ops::Range;

use crate::limits::{MAX_BODY_BYTES, MAX_EVENTS};
use crate::model::Event;

use super::Decoded;
use super::fields::{Field, Level, Slots};

use super::scan::{Kind, Scanner, Value};
use super::stop::{Stop, Why};
use super::text::unescape;
use super::validate::{self, Problems};

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
) -> Result<Decoded, Stop> {
    let mut scan = Scanner::new(text);
    root(&mut scan, text, &mut each).ok_or_else(|| scan.stopped())
}

fn root<'a>(
    scan: &mut Scanner<'a>,
    text: &'a str,
    each: &mut impl FnMut(Event<'a>),
) -> Option<Decoded> {
    if scan.peek() != b'{' {
        let root = scan.value(0)?;
        scan.end()?;
        return scan.stop(Why::Root(root.kind()));
    }
    scan.open();
    let mut decoded = None;
    let mut first = true;
    while let Some(key) = scan.key(&mut first)? {
        let is_batch = key.text(text).is_some_and(|key| key == "batch");
        if !is_batch {
            scan.value(ROOT)?;
        } else if scan.peek() != b'[' {
            let value = scan.value(ROOT)?;
            if value.kind() != Kind::Null {
                return scan.stop(Why::Batch(value.kind()));
            }
        } else if decoded.is_some() {
            return scan.stop(Why::BatchTwice);
        } else {
            decoded = Some(batch(scan, text, each)?);
        }
    }
    scan.end()?;
    decoded.or_else(|| scan.stop(Why::NoBatch))
}

/// An event by itself, with the depth that it has in a body.
pub(super) fn single(text: &str) -> Option<Event<'_>> {
    if text.len() > MAX_BODY_BYTES {
        return None;
    }
    let mut scan = Scanner::new(text);
    let mut slots = Slots::new();
    if scan.peek() != b'{' {
        return None;
    }
    let range = event(&mut scan, text, &mut slots)?;
    scan.end()?;
    validate::event(text, &slots, range, 0, &mut Problems::default())
}

/// The array of events.
fn batch<'a>(
    scan: &mut Scanner<'a>,
    text: &'a str,
    each: &mut impl FnMut(Event<'a>),
) -> Option<Decoded> {
    let mut slots = Slots::new();
    let mut problems = Problems::default();
    let (mut events, mut accepted) = (0, 0);
    let mut first = true;
    scan.open();
    while scan.item(&mut first)? {
        if events == MAX_EVENTS {
            return scan.stop(Why::TooManyEvents);
        }
        if scan.peek() == b'{' {
            let range = event(scan, text, &mut slots)?;
            if let Some(event) = validate::event(text, &slots, range, events, &mut problems) {
                accepted += 1;
                each(event);
            }
        } else {
            let found = scan.value(BATCH)?.kind();
            problems.not_an_event(events, found);
        }
        events += 1;
    }
    Some(Decoded {
        events,
        accepted,
        invalid: events - accepted,
        problems: problems.total,
        details: problems.details,
    })
}

/// One event, at its opening brace: its fields go into the slots. Its range.
pub(super) fn event(scan: &mut Scanner<'_>, text: &str, slots: &mut Slots) -> Option<Range<usize>> {
    slots.clear();
    let start = scan.pos();
    scan.open();
    let mut first = true;
    while let Some(key) = scan.key(&mut first)? {
        match field(Level::Event, text, key) {
            Some((Field::Body, camel)) if scan.peek() == b'{' => {
                let value = body(scan, text, slots)?;
                slots.set(Field::Body, camel, value);
            }
            Some((field, camel)) => slots.set(field, camel, scan.value(EVENT)?),
            None => {
                scan.value(EVENT)?;
            }
        }
    }
    Some(start..scan.pos())
}

/// An event's `body`, at its opening brace.
fn body(scan: &mut Scanner<'_>, text: &str, slots: &mut Slots) -> Option<Value> {
    slots.clear_level(Level::Body);
    let start = scan.pos();
    scan.open();
    let mut first = true;
    while let Some(key) = scan.key(&mut first)? {
        match field(Level::Body, text, key) {
            Some((Field::Usage, camel)) if scan.peek() == b'{' => {
                let value = usage(scan, text, slots)?;
                slots.set(Field::Usage, camel, value);
            }
            Some((field, camel)) => slots.set(field, camel, scan.value(BODY)?),
            None => {
                scan.value(BODY)?;
            }
        }
    }
    Some(Value::new(Kind::Object, start, scan.pos()))
}

/// A body's `usage`, at its opening brace.
fn usage(scan: &mut Scanner<'_>, text: &str, slots: &mut Slots) -> Option<Value> {
    let start = scan.pos();
    scan.open();
    let mut first = true;
    while let Some(key) = scan.key(&mut first)? {
        let value = scan.value(USAGE)?;
        if let Some((field, camel)) = field(Level::Usage, text, key) {
            slots.set(field, camel, value);
        }
    }
    Some(Value::new(Kind::Object, start, scan.pos()))
}

/// The field that a key names, escapes in it or none.
#[inline]
fn field(level: Level, text: &str, key: Value) -> Option<(Field, bool)> {
    let raw = text.as_bytes().get(key.inner())?;
    if key.kind() == Kind::Escaped {
        return level.field(unescape(std::str::from_utf8(raw).ok()?).as_bytes());
    }
    level.field(raw)
}
