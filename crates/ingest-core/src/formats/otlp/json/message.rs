//! From the JSON of a span, a resource or a scope to what it says. The text was looked
//! over by `walk`: what cannot be read all the same says nothing.

use std::borrow::Cow;

use super::scalar::{read_count, read_enum, read_id, read_unsigned};
use crate::formats::otlp::span::{
    AnyValue, Attributes, EVENT_VALUES, Id, Link, Resource, Scope, Span, SpanEvent, ValueBudget,
};
use crate::json::descend::{array, object, skip, value};
use crate::json::error::SyntaxError;
use crate::json::value::{Kind, Value};
use crate::limits::MAX_OTLP_DEPTH;
use crate::model::Text;

type End = Result<usize, SyntaxError>;

/// Names of the kinds of spans, by number.
const KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

/// Names of the codes of a status, by number.
const STATUSES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/// A span.
pub(crate) fn span(text: &str, start: usize) -> Span<'_> {
    let mut span = Span::default();
    let mut pairs = Vec::new();
    let budget = &mut ValueBudget::new();
    // It was read before: it ends well.
    let _ = object(text, start, 0, &mut |key, at| {
        match key {
            "attributes" => return attributes(text, at, 0, &mut pairs, budget),
            "events" => return list(text, at, &mut span.events, budget, event),
            "links" => return list(text, at, &mut span.links, budget, link),
            "status" => {
                let (code, message) = (&mut span.status, &mut span.status_message);
                return object(text, at, 0, &mut |key, at| {
                    let found = value(text, at, 0)?;
                    match key {
                        "code" => *code = read_enum(found, text, &STATUSES),
                        "message" => *message = found.text(text).unwrap_or_default(),
                        _ => {}
                    }
                    Ok(found.range().end)
                });
            }
            _ => {}
        }
        let found = value(text, at, 0)?;
        match key {
            "traceId" | "trace_id" => span.trace_id = id(found, text),
            "spanId" | "span_id" => span.span_id = id(found, text),
            "parentSpanId" | "parent_span_id" => {
                span.parent_id = Some(id(found, text)).filter(|id| !id.is_none());
            }
            "traceState" | "trace_state" => {
                span.trace_state = found.text(text).unwrap_or_default();
            }
            "flags" => span.flags = read_count(found, text),
            "name" => span.name = found.text(text).unwrap_or_default(),
            "kind" => span.kind = read_enum(found, text, &KINDS),
            "startTimeUnixNano" | "start_time_unix_nano" => {
                span.start_ns = read_unsigned(found, text);
            }
            "endTimeUnixNano" | "end_time_unix_nano" => span.end_ns = read_unsigned(found, text),
            "droppedAttributesCount" | "dropped_attributes_count" => {
                span.dropped_attributes = read_count(found, text);
            }
            "droppedEventsCount" | "dropped_events_count" => {
                span.dropped_events = read_count(found, text);
            }
            "droppedLinksCount" | "dropped_links_count" => {
                span.dropped_links = read_count(found, text);
            }
            _ => {}
        }
        Ok(found.range().end)
    });
    span.attributes = Attributes::of(pairs);
    span
}

pub(super) fn id<const N: usize>(value: Value, text: &str) -> Id<N> {
    let bytes = read_id::<N>(Some(value), text).unwrap_or_default();
    Id(bytes.try_into().unwrap_or([0; N]))
}

/// The messages of an array.
fn list<'a, T: Default>(
    text: &'a str,
    at: usize,
    into: &mut Vec<T>,
    budget: &mut ValueBudget,
    read: impl Fn(&'a str, usize, &mut T, &mut ValueBudget) -> End,
) -> End {
    array(text, at, 0, &mut |at| {
        if !budget.take(EVENT_VALUES) {
            return skip(text, at, 0);
        }
        let mut message = T::default();
        let end = read(text, at, &mut message, budget)?;
        into.push(message);
        Ok(end)
    })
}

fn event<'a>(text: &'a str, at: usize, event: &mut SpanEvent<'a>, budget: &mut ValueBudget) -> End {
    let mut pairs = Vec::new();
    let end = object(text, at, 0, &mut |key, at| {
        if key == "attributes" {
            return attributes(text, at, 0, &mut pairs, budget);
        }
        let found = value(text, at, 0)?;
        match key {
            "timeUnixNano" | "time_unix_nano" => event.time_ns = read_unsigned(found, text),
            "name" => event.name = found.text(text).unwrap_or_default(),
            "droppedAttributesCount" | "dropped_attributes_count" => {
                event.dropped_attributes = read_count(found, text);
            }
            _ => {}
        }
        Ok(found.range().end)
    });
    event.attributes = Attributes::of(pairs);
    end
}

fn link<'a>(text: &'a str, at: usize, link: &mut Link<'a>, budget: &mut ValueBudget) -> End {
    let mut pairs = Vec::new();
    let end = object(text, at, 0, &mut |key, at| {
        if key == "attributes" {
            return attributes(text, at, 0, &mut pairs, budget);
        }
        let found = value(text, at, 0)?;
        let id = || found.text(text).map(|id| Cow::Owned(id.to_ascii_lowercase()));
        match key {
            "traceId" | "trace_id" => link.trace_id = id().unwrap_or_default(),
            "spanId" | "span_id" => link.span_id = id().unwrap_or_default(),
            _ => {}
        }
        Ok(found.range().end)
    });
    link.attributes = Attributes::of(pairs);
    end
}

/// A resource.
pub(crate) fn resource(text: &str) -> Resource<'_> {
    let mut pairs = Vec::new();
    let _ = object(text, 0, 0, &mut |key, at| match key {
        "attributes" => attributes(text, at, 0, &mut pairs, &mut ValueBudget::new()),
        _ => skip(text, at, 0),
    });
    Resource { attributes: Attributes::of(pairs) }
}

/// A scope.
pub(crate) fn scope(text: &str) -> Scope<'_> {
    let mut scope = Scope::default();
    let mut pairs = Vec::new();
    let budget = &mut ValueBudget::new();
    let _ = object(text, 0, 0, &mut |key, at| {
        if key == "attributes" {
            return attributes(text, at, 0, &mut pairs, budget);
        }
        let found = value(text, at, 0)?;
        match key {
            "name" => scope.name = found.text(text).unwrap_or_default(),
            "version" => scope.version = found.text(text).unwrap_or_default(),
            _ => {}
        }
        Ok(found.range().end)
    });
    scope.attributes = Attributes::of(pairs);
    scope
}

pub(super) fn attributes<'a>(
    text: &'a str,
    at: usize,
    depth: usize,
    into: &mut Vec<(Text<'a>, AnyValue<'a>)>,
    budget: &mut ValueBudget,
) -> End {
    array(text, at, 0, &mut |at| {
        if !budget.take(1) {
            return skip(text, at, 0);
        }
        let (mut name, mut any) = (Text::default(), AnyValue::Empty);
        let end = object(text, at, 0, &mut |key, at| match key {
            "key" => {
                let found = value(text, at, 0)?;
                name = found.text(text).unwrap_or_default();
                Ok(found.range().end)
            }
            "value" => any_value(text, at, depth, &mut any, budget),
            _ => skip(text, at, 0),
        })?;
        into.push((name, any));
        Ok(end)
    })
}

pub(super) fn any_value<'a>(
    text: &'a str,
    at: usize,
    depth: usize,
    any: &mut AnyValue<'a>,
    budget: &mut ValueBudget,
) -> End {
    if depth == MAX_OTLP_DEPTH {
        *any = AnyValue::too_deep();
        return skip(text, at, 0);
    }
    object(text, at, 0, &mut |key, at| {
        match key {
            "arrayValue" | "array_value" => {
                let mut items = Vec::new();
                let end = object(text, at, 0, &mut |key, at| match key {
                    "values" => array(text, at, 0, &mut |at| {
                        if !budget.take(1) {
                            return skip(text, at, 0);
                        }
                        let mut item = AnyValue::Empty;
                        let end = any_value(text, at, depth + 1, &mut item, budget)?;
                        items.push(item);
                        Ok(end)
                    }),
                    _ => skip(text, at, 0),
                })?;
                *any = AnyValue::List(items);
                return Ok(end);
            }
            "kvlistValue" | "kvlist_value" => {
                let mut pairs = Vec::new();
                let end = object(text, at, 0, &mut |key, at| match key {
                    "values" => attributes(text, at, depth + 1, &mut pairs, budget),
                    _ => skip(text, at, 0),
                })?;
                *any = AnyValue::Map(pairs);
                return Ok(end);
            }
            _ => {}
        }
        let found = value(text, at, 0)?;
        let known = match key {
            "stringValue" | "string_value" | "bytesValue" | "bytes_value" => {
                found.text(text).map(AnyValue::Text)
            }
            "boolValue" | "bool_value" => {
                (found.kind() == Kind::Bool).then(|| AnyValue::Bool(found.raw(text) == "true"))
            }
            "intValue" | "int_value" => read_int(found, text),
            "doubleValue" | "double_value" => read_double(found, text).map(AnyValue::Double),
            _ => None,
        };
        if let Some(known) = known {
            *any = known;
        }
        Ok(found.range().end)
    })
}

/// A whole number, as a number or as text; one beyond 64 bits as a double.
fn read_int<'a>(value: Value, text: &str) -> Option<AnyValue<'a>> {
    let digits: Cow<'_, str> = match value.kind() {
        Kind::Number => value.raw(text).into(),
        _ => value.text(text)?,
    };
    let digits = digits.trim();
    let double = || digits.parse().ok().map(AnyValue::Double);
    digits.parse().ok().map(AnyValue::Int).or_else(double)
}

/// A number, or the text that stands for what JSON has no number for. Null, which
/// JavaScript makes of those, is no value.
fn read_double(value: Value, text: &str) -> Option<f64> {
    match value.kind() {
        Kind::Number => value.raw(text).parse().ok(),
        _ => match &*value.text(text)? {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            other => other.trim().parse().ok(),
        },
    }
}
