//! From the bytes of a message to what it says. The bytes were looked over by `walk`:
//! what cannot be read all the same says nothing. Text is borrowed where it is UTF-8;
//! what is not becomes U+FFFD.

use std::ops::Range;

use base16ct::lower;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::wire::{Fields, Value};
use crate::formats::otlp::span::{
    AnyValue, Attributes, EVENT_VALUES, Id, Link, Resource, Scope, Span, SpanEvent, ValueBudget,
};
use crate::limits::MAX_OTLP_DEPTH;
use crate::model::Text;

/// The fields of a message, as far as they can be read.
pub(super) fn fields(body: &[u8], range: Range<usize>) -> impl Iterator<Item = (u32, Value)> {
    let mut fields = Fields::of(body, range);
    std::iter::from_fn(move || fields.next().ok().flatten())
}

pub(super) fn bytes(body: &[u8], value: Value) -> &[u8] {
    body.get(value.range()).unwrap_or_default()
}

/// As lower-case hexadecimal digits.
fn digits(body: &[u8], value: Value) -> Text<'static> {
    lower::encode_string(bytes(body, value)).into()
}

pub(super) fn text(body: &[u8], value: Value) -> Text<'_> {
    let bytes = bytes(body, value);
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

pub(super) fn id<const N: usize>(bytes: &[u8]) -> Id<N> {
    Id(bytes.try_into().unwrap_or([0; N]))
}

/// A count of 32 bits.
fn count(number: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "as protobuf does it")]
    let count = number as u32;
    count
}

/// A span.
pub(crate) fn span(body: &[u8], range: Range<usize>) -> Span<'_> {
    let mut span = Span::default();
    let mut attributes = Vec::new();
    let budget = &mut ValueBudget::new();
    for (number, value) in fields(body, range) {
        match (number, value) {
            (1, Value::Bytes(..)) => span.trace_id = id(bytes(body, value)),
            (2, Value::Bytes(..)) => span.span_id = id(bytes(body, value)),
            (3, Value::Bytes(..)) => span.trace_state = text(body, value),
            (4, Value::Bytes(..)) => {
                span.parent_id = Some(id(bytes(body, value))).filter(|id| !id.is_none());
            }
            (5, Value::Bytes(..)) => span.name = text(body, value),
            (6, Value::Varint(kind)) => span.kind = count(kind),
            (7, Value::Fixed64(time)) => span.start_ns = time,
            (8, Value::Fixed64(time)) => span.end_ns = time,
            (9, Value::Bytes(..)) => attributes.extend(key_value(body, value.range(), 0, budget)),
            (10, Value::Varint(dropped)) => span.dropped_attributes = count(dropped),
            (11, Value::Bytes(..)) => span.events.extend(event(body, value.range(), budget)),
            (12, Value::Varint(dropped)) => span.dropped_events = count(dropped),
            (13, Value::Bytes(..)) => span.links.extend(link(body, value.range(), budget)),
            (14, Value::Varint(dropped)) => span.dropped_links = count(dropped),
            (15, Value::Bytes(..)) => status(body, value.range(), &mut span),
            (16, Value::Fixed32(flags)) => span.flags = flags,
            _ => {}
        }
    }
    span.attributes = Attributes::of(attributes);
    span
}

fn status<'a>(body: &'a [u8], range: Range<usize>, span: &mut Span<'a>) {
    for (number, value) in fields(body, range) {
        match (number, value) {
            (2, Value::Bytes(..)) => span.status_message = text(body, value),
            (3, Value::Varint(code)) => span.status = count(code),
            _ => {}
        }
    }
}

fn event<'a>(
    body: &'a [u8],
    range: Range<usize>,
    budget: &mut ValueBudget,
) -> Option<SpanEvent<'a>> {
    if !budget.take(EVENT_VALUES) {
        return None;
    }
    let mut event = SpanEvent::default();
    let mut attributes = Vec::new();
    for (number, value) in fields(body, range) {
        match (number, value) {
            (1, Value::Fixed64(time)) => event.time_ns = time,
            (2, Value::Bytes(..)) => event.name = text(body, value),
            (3, Value::Bytes(..)) => attributes.extend(key_value(body, value.range(), 0, budget)),
            (4, Value::Varint(dropped)) => event.dropped_attributes = count(dropped),
            _ => {}
        }
    }
    event.attributes = Attributes::of(attributes);
    Some(event)
}

fn link<'a>(body: &'a [u8], range: Range<usize>, budget: &mut ValueBudget) -> Option<Link<'a>> {
    if !budget.take(EVENT_VALUES) {
        return None;
    }
    let mut link = Link::default();
    let mut attributes = Vec::new();
    for (number, value) in fields(body, range) {
        match (number, value) {
            (1, Value::Bytes(..)) => link.trace_id = digits(body, value),
            (2, Value::Bytes(..)) => link.span_id = digits(body, value),
            (4, Value::Bytes(..)) => attributes.extend(key_value(body, value.range(), 0, budget)),
            _ => {}
        }
    }
    link.attributes = Attributes::of(attributes);
    Some(link)
}

/// A resource, of all pieces that it came in.
pub(crate) fn resource<'a>(pieces: &[&'a [u8]]) -> Resource<'a> {
    let attributes = pieces.iter().flat_map(|piece| attributes(piece, 1)).collect();
    Resource { attributes: Attributes::of(attributes) }
}

/// A scope, of all pieces that it came in.
pub(crate) fn scope<'a>(pieces: &[&'a [u8]]) -> Scope<'a> {
    let mut scope = Scope::default();
    for piece in pieces {
        for (number, value) in fields(piece, 0..piece.len()) {
            match (number, value) {
                (1, Value::Bytes(..)) => scope.name = text(piece, value),
                (2, Value::Bytes(..)) => scope.version = text(piece, value),
                _ => {}
            }
        }
    }
    let attributes = pieces.iter().flat_map(|piece| attributes(piece, 3)).collect();
    scope.attributes = Attributes::of(attributes);
    scope
}

/// The attributes in a field of a whole message.
fn attributes(message: &[u8], field: u32) -> impl Iterator<Item = (Text<'_>, AnyValue<'_>)> {
    let mut budget = ValueBudget::new();
    fields(message, 0..message.len()).filter_map(move |(number, value)| {
        let found = number == field && matches!(value, Value::Bytes(..));
        if found { key_value(message, value.range(), 0, &mut budget) } else { None }
    })
}

/// An attribute, unless there are too many.
pub(super) fn key_value<'a>(
    body: &'a [u8],
    range: Range<usize>,
    depth: usize,
    budget: &mut ValueBudget,
) -> Option<(Text<'a>, AnyValue<'a>)> {
    if !budget.take(1) {
        return None;
    }
    let (mut key, mut any) = (Text::default(), AnyValue::Empty);
    for (number, value) in fields(body, range) {
        match (number, value) {
            (1, Value::Bytes(..)) => key = text(body, value),
            (2, Value::Bytes(..)) => any = any_value(body, value.range(), depth, budget),
            _ => {}
        }
    }
    Some((key, any))
}

pub(super) fn any_value<'a>(
    body: &'a [u8],
    range: Range<usize>,
    depth: usize,
    budget: &mut ValueBudget,
) -> AnyValue<'a> {
    let mut any = AnyValue::Empty;
    if depth == MAX_OTLP_DEPTH {
        return AnyValue::too_deep();
    }
    for (number, value) in fields(body, range) {
        any = match (number, value) {
            (1, Value::Bytes(..)) => AnyValue::Text(text(body, value)),
            (2, Value::Varint(n)) => AnyValue::Bool(n != 0),
            (3, Value::Varint(n)) => AnyValue::Int(n.cast_signed()),
            (4, Value::Fixed64(bits)) => AnyValue::Double(f64::from_bits(bits)),
            (5, Value::Bytes(..)) => {
                let mut list = Vec::new();
                for item in items(body, value) {
                    if !budget.take(1) {
                        break;
                    }
                    list.push(any_value(body, item, depth + 1, budget));
                }
                AnyValue::List(list)
            }
            (6, Value::Bytes(..)) => {
                let pairs = items(body, value);
                AnyValue::Map(
                    pairs.map_while(|item| key_value(body, item, depth + 1, budget)).collect(),
                )
            }
            (7, Value::Bytes(..)) => AnyValue::Text(STANDARD.encode(bytes(body, value)).into()),
            _ => any,
        };
    }
    any
}

/// The messages in field 1 of a list's message.
fn items(body: &[u8], list: Value) -> impl Iterator<Item = Range<usize>> {
    let items = fields(body, list.range());
    items
        .filter(|(number, value)| *number == 1 && matches!(value, Value::Bytes(..)))
        .map(|(_, value)| value.range())
}
