//! What an export costs at most, whatever is in it: hostile ones are refused or cut off
//! before they are larger than an isolate.

use edgespan::error::Reject;
use edgespan::formats::otlp::{JSON, PROTOBUF};
use edgespan::formats::wire_format::EventBytes;
use edgespan::limits::{MAX_OTLP_SPAN_BYTES, MAX_OTLP_SPANS, MAX_OTLP_VALUES};
use edgespan::model::Body;
use serde_json::{Value, json};

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

/// A field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        message.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    message.push(u8::try_from(length).unwrap());
    message.extend_from_slice(bytes);
    message
}

/// A span with these fields besides its ids.
fn span(fields: &[u8]) -> Vec<u8> {
    [&field(1, &[1; 16]), &field(2, &[2; 8]), fields].concat()
}

fn export(spans: &[Vec<u8>]) -> Vec<u8> {
    let spans: Vec<u8> = spans.iter().flat_map(|span| field(2, span)).collect();
    field(1, &field(2, &spans))
}

fn export_json(spans: &[Value]) -> Vec<u8> {
    json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }).to_string().into_bytes()
}

fn span_json(attributes: &Value) -> Value {
    json!({ "traceId": TRACE, "spanId": "0102030405060708", "attributes": attributes })
}

#[test]
fn more_spans_scopes_or_resources_than_there_may_be_are_refused() {
    let many = MAX_OTLP_SPANS + 1;
    let repeat = |message: Vec<u8>| message.repeat(many);
    for body in
        [export(&vec![span(&[]); many]), repeat(field(1, &[])), field(1, &repeat(field(2, &[])))]
    {
        assert!(matches!((PROTOBUF.check)(&body), Err(Reject::TooLarge(_))));
    }
    let list = |item: &str| vec![item; many].join(",");
    for body in [
        format!(r#"{{"resourceSpans":[{}]}}"#, list("{}")),
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{}]}}]}}"#, list("{}")),
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, list("{}")),
    ] {
        assert!(matches!((JSON.check)(body.as_bytes()), Err(Reject::TooLarge(_))));
    }
    // As many as there may be are read.
    let most = vec![span(&[]); MAX_OTLP_SPANS];
    assert_eq!((PROTOBUF.check)(&export(&most)).unwrap().accepted, MAX_OTLP_SPANS);
}

#[test]
fn a_resource_in_very_many_pieces_is_refused() {
    let pieces = field(1, &field(1, &[]).repeat(1_000_000));
    assert!(matches!((PROTOBUF.check)(&pieces), Err(Reject::Validation { .. })));
}

#[test]
fn a_span_that_is_too_large_is_left_out_and_costs_no_other() {
    let large = "x".repeat(MAX_OTLP_SPAN_BYTES);
    let value = field(1, large.as_bytes());
    let attribute = field(9, &[field(1, b"k"), field(2, &value)].concat());
    let decoded = (PROTOBUF.check)(&export(&[span(&attribute), span(&[])])).unwrap();
    assert_eq!((decoded.accepted, decoded.invalid), (1, 1));
    assert!(decoded.details[0].message.contains("at most 5242880 bytes"));
    let large = span_json(&json!([{ "key": "k", "value": { "stringValue": large } }]));
    let decoded = (JSON.check)(&export_json(&[large, span_json(&json!([]))])).unwrap();
    assert_eq!((decoded.accepted, decoded.invalid), (1, 1));
}

#[test]
fn values_beyond_what_a_span_may_have_are_not_read() {
    let many = MAX_OTLP_VALUES * 2;
    let list = field(5, &field(1, &[]).repeat(many));
    let own = span(&field(9, &[field(1, b"input.value"), field(2, &list)].concat()));
    let bytes = EventBytes { own: &own, context: Vec::new() };
    let shown: Value = serde_json::from_str(&(PROTOBUF.show_event)(&bytes).unwrap()).unwrap();
    let values = shown["attributes"][0]["value"]["arrayValue"]["values"].as_array().unwrap();
    assert_eq!(values.len(), MAX_OTLP_VALUES - 1);

    let empty: Vec<Value> = vec![json!({}); many];
    let attribute = json!({ "key": "input.value", "value": { "arrayValue": { "values": empty } } });
    let own = span_json(&json!([attribute])).to_string();
    let bytes = EventBytes { own: own.as_bytes(), context: Vec::new() };
    let Body::Span(body) = (JSON.decode_event)(&bytes).remove(0).body else { unreachable!() };
    assert_eq!(body.input.unwrap().matches("null").count(), MAX_OTLP_VALUES - 1);
}

#[test]
fn events_in_very_great_number_and_values_very_deep_end() {
    let own = span(&field(11, &[]).repeat(1_000_000));
    let bytes = EventBytes { own: &own, context: Vec::new() };
    let shown: Value = serde_json::from_str(&(PROTOBUF.show_event)(&bytes).unwrap()).unwrap();
    assert!(shown["events"].as_array().unwrap().len() <= MAX_OTLP_VALUES / 4);

    let mut deep = Vec::new();
    for _ in 0..2_000 {
        deep = field(5, &field(1, &deep));
    }
    let body = export(&[span(&field(9, &[field(1, b"k"), field(2, &deep)].concat()))]);
    assert_eq!((PROTOBUF.check)(&body).unwrap().accepted, 1);
    assert_eq!((PROTOBUF.decode)(&body).unwrap().len(), 1);
}

#[test]
fn long_texts_are_not_made_trees_of() {
    let long = format!("[{}]", vec!["\"a\""; 200_000].join(","));
    let attribute = |key: &str| json!({ "key": key, "value": { "stringValue": long } });
    let keys = ["tag.tags", "metadata", "langfuse.observation.usage_details", "tags"];
    let attributes: Vec<_> = keys.iter().map(|key| attribute(key)).collect();
    let body = export_json(&[span_json(&json!(attributes))]);
    let events = (JSON.decode)(&body).unwrap();
    let Body::Span(span) = &events[0].body else { unreachable!() };
    assert!(span.of_trace.as_ref().unwrap().tags.is_empty());
}
