//! A span in protobuf as the JSON encoding has it, for people to read: all of it.

use serde_json::{Map, Value, json};

use super::span::{AnyValue, Attributes, Span};

/// JSON text of a span.
pub(super) fn span(span: &Span<'_>) -> String {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| drop(object.insert(key.into(), value));
    put("traceId", json!(span.trace_id.to_string()));
    put("spanId", json!(span.span_id.to_string()));
    if let Some(parent) = span.parent_id {
        put("parentSpanId", json!(parent.to_string()));
    }
    if !span.trace_state.is_empty() {
        put("traceState", json!(span.trace_state));
    }
    put("flags", json!(span.flags));
    put("name", json!(span.name));
    put("kind", json!(span.kind));
    put("startTimeUnixNano", json!(span.start_ns.to_string()));
    put("endTimeUnixNano", json!(span.end_ns.to_string()));
    put("attributes", attributes(&span.attributes));
    let events = span.events.iter().map(|event| {
        json!({
            "timeUnixNano": event.time_ns.to_string(),
            "name": event.name,
            "attributes": attributes(&event.attributes),
            "droppedAttributesCount": event.dropped_attributes,
        })
    });
    put("events", events.collect());
    let links = span.links.iter().map(|link| {
        json!({
            "traceId": link.trace_id,
            "spanId": link.span_id,
            "attributes": attributes(&link.attributes),
        })
    });
    put("links", links.collect());
    put("droppedAttributesCount", json!(span.dropped_attributes));
    put("droppedEventsCount", json!(span.dropped_events));
    put("droppedLinksCount", json!(span.dropped_links));
    put("status", json!({ "code": span.status, "message": span.status_message }));
    Value::Object(object).to_string()
}

fn attributes(attributes: &Attributes<'_>) -> Value {
    pairs(attributes.all())
}

fn pairs(pairs: &[(crate::model::Text<'_>, AnyValue<'_>)]) -> Value {
    let pair = |(key, value): &(crate::model::Text<'_>, AnyValue<'_>)| json!({ "key": key, "value": any_value(value) });
    pairs.iter().map(pair).collect()
}

fn any_value(value: &AnyValue<'_>) -> Value {
    match value {
        AnyValue::Empty => json!({}),
        AnyValue::Text(text) => json!({ "stringValue": text }),
        AnyValue::Bool(bool) => json!({ "boolValue": bool }),
        AnyValue::Int(int) => json!({ "intValue": int.to_string() }),
        AnyValue::Double(double) if double.is_finite() => json!({ "doubleValue": double }),
        AnyValue::Double(double) => json!({ "doubleValue": double.to_string() }),
        AnyValue::List(items) => {
            let values: Value = items.iter().map(any_value).collect();
            json!({ "arrayValue": { "values": values } })
        }
        AnyValue::Map(entries) => json!({ "kvlistValue": { "values": pairs(entries) } }),
    }
}
