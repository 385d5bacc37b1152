//! A span, or a log record, in protobuf as the JSON encoding has it, for people to read: all of it.

use super::json_writer::{JsonWriter, ObjectWriter};
use super::log_record::LogRecord;
use super::map::detail::Detail;
use super::span::{AnyValue, Attributes, Span};
use crate::model::Text;

/// JSON text of a span.
pub(super) fn span(span: &Span<'_>) -> String {
    let mut json = JsonWriter::new(Detail::Full);
    json.object(|object| {
        object.field("traceId").text(&span.trace_id.to_hex());
        object.field("spanId").text(&span.span_id.to_hex());
        if let Some(parent) = span.parent_id {
            object.field("parentSpanId").text(&parent.to_hex());
        }
        if !span.trace_state.is_empty() {
            object.field("traceState").text(&span.trace_state);
        }
        number(object, "flags", span.flags);
        object.field("name").text(&span.name);
        number(object, "kind", span.kind);
        object.field("startTimeUnixNano").text(&span.start_ns.to_string());
        object.field("endTimeUnixNano").text(&span.end_ns.to_string());
        attributes(object, &span.attributes);
        object.field("events").list(&span.events, |json, event| {
            json.object(|object| {
                object.field("timeUnixNano").text(&event.time_ns.to_string());
                object.field("name").text(&event.name);
                attributes(object, &event.attributes);
                number(object, "droppedAttributesCount", event.dropped_attributes);
            });
        });
        object.field("links").list(&span.links, |json, link| {
            json.object(|object| {
                object.field("traceId").text(&link.trace_id);
                object.field("spanId").text(&link.span_id);
                attributes(object, &link.attributes);
            });
        });
        number(object, "droppedAttributesCount", span.dropped_attributes);
        number(object, "droppedEventsCount", span.dropped_events);
        number(object, "droppedLinksCount", span.dropped_links);
        object.field("status").object(|object| {
            number(object, "code", span.status);
            object.field("message").text(&span.status_message);
        });
    });
    json.finish()
}

/// JSON text of a log record, as far as it is read.
pub(super) fn log_record(record: &LogRecord<'_>) -> String {
    let mut json = JsonWriter::new(Detail::Full);
    json.object(|object| {
        object.field("timeUnixNano").text(&record.time_ns.to_string());
        object.field("observedTimeUnixNano").text(&record.observed_ns.to_string());
        object.field("eventName").text(&record.event_name);
        any_value(object.field("body"), &record.body);
        attributes(object, &record.attributes);
        object.field("traceId").text(&record.trace_id.to_hex());
        object.field("spanId").text(&record.span_id.to_hex());
    });
    json.finish()
}

fn number(object: &mut ObjectWriter<'_>, name: &str, number: u32) {
    object.field(name).raw(&number.to_string());
}

fn attributes(object: &mut ObjectWriter<'_>, attributes: &Attributes<'_>) {
    pairs(object.field("attributes"), attributes.all());
}

fn pairs(json: &mut JsonWriter, pairs: &[(Text<'_>, AnyValue<'_>)]) {
    json.list(pairs, |json, (key, value)| {
        json.object(|object| {
            object.field("key").text(key);
            any_value(object.field("value"), value);
        });
    });
}

fn any_value(json: &mut JsonWriter, value: &AnyValue<'_>) {
    json.object(|object| match value {
        AnyValue::Empty => {}
        AnyValue::Text(text) => object.field("stringValue").text(text),
        AnyValue::Bool(_) => object.field("boolValue").value(value),
        AnyValue::Int(int) => object.field("intValue").text(&int.to_string()),
        AnyValue::Double(_) => object.field("doubleValue").value(value),
        AnyValue::List(items) => object.field("arrayValue").object(|object| {
            object.field("values").list(items, any_value);
        }),
        AnyValue::Map(entries) => {
            object.field("kvlistValue").object(|object| pairs(object.field("values"), entries));
        }
    });
}
