//! Our reader of logs beside prost's, as `otlp_differential` has it of spans: what that one
//! reads ours reads too; the same records are content, and say the same.

use edgespan::formats::otlp::logs::{JSON, PROTOBUF};
use edgespan::formats::wire_format::EventBytes;
use edgespan::model::Body;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

use super::otlp_differential::{
    AnyValue, KeyValue, Kind, any_value, attributes, fixtures, hex, text,
};

#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceLogs {
    #[prost(message, repeated, tag = "2")]
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(fixed64, tag = "1")]
    time: u64,
    #[prost(message, optional, tag = "5")]
    body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<KeyValue>,
    #[prost(bytes = "vec", tag = "9")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    span_id: Vec<u8>,
    #[prost(fixed64, tag = "11")]
    observed: u64,
    #[prost(bytes = "vec", tag = "12")]
    event_name: Vec<u8>,
}

fn show(record: &Record) -> Value {
    json!({
        "timeUnixNano": record.time.to_string(),
        "observedTimeUnixNano": record.observed.to_string(),
        "eventName": text(&record.event_name),
        "body": any_value(record.body.as_ref()),
        "attributes": attributes(&record.attributes),
        "traceId": hex(&record.trace_id),
        "spanId": hex(&record.span_id),
    })
}

fn said(value: Option<&AnyValue>) -> bool {
    match value.and_then(|value| value.kind.as_ref()) {
        None => false,
        Some(Kind::Text(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

/// Whether a record is content, as far as those in the fixtures go: they have all messages.
fn is_content(record: &Record) -> bool {
    let is_id = |id: &[u8], length: usize| id.len() == length && id.iter().any(|byte| *byte != 0);
    let value = |key: &str| {
        let pairs = record.attributes.iter().rev();
        pairs.filter(|pair| text(&pair.key) == key).map(|pair| pair.value.as_ref()).next().flatten()
    };
    let in_attribute = match value("event.name").and_then(|value| value.kind.clone()) {
        Some(Kind::Text(name)) => text(&name),
        _ => String::new(),
    };
    let name = text(&record.event_name);
    let name = if name.is_empty() { in_attribute } else { name };
    let messages = ["gen_ai.input.messages", "gen_ai.output.messages"];
    is_id(&record.trace_id, 16)
        && is_id(&record.span_id, 8)
        && name == "gen_ai.client.inference.operation.details"
        && messages.iter().any(|key| said(value(key)))
}

fn compare(body: &[u8]) {
    let decoded = (PROTOBUF.decode)(body);
    let Ok(export) = Export::decode(body) else { return };
    let events = decoded.unwrap();
    let scopes = export.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    let records: Vec<_> = scopes.flat_map(|scope| &scope.records).collect();
    let content: Vec<_> = records.iter().copied().filter(|record| is_content(record)).collect();
    let checked = (PROTOBUF.check)(body).unwrap();
    assert_eq!((checked.events, checked.accepted), (content.len(), content.len()), "{body:02x?}");
    assert_eq!(checked.answer.is_some(), records.len() > content.len());
    assert_eq!(events.len(), content.len());
    for (event, record) in events.iter().zip(content) {
        let bytes = EventBytes { own: &body[event.range.clone()], context: Vec::new() };
        let shown = (PROTOBUF.show_event)(&bytes).unwrap();
        let value = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        assert_eq!(value(&shown), value(&show(record).to_string()), "{body:02x?}");
        let again = (PROTOBUF.decode_event)(&bytes).remove(0);
        let (Body::Span(first), Body::Span(again)) = (&event.body, &again.body) else {
            panic!("no span")
        };
        assert_eq!((&first.trace, &first.id), (&again.trace, &again.id));
        assert_eq!(first.input.is_some(), again.input.is_some());
    }
}

#[test]
fn what_clients_send_reads_the_same() {
    let all = fixtures("bin");
    for body in &all {
        compare(body);
    }
    let records = all.iter().map(|body| (PROTOBUF.check)(body).map_or(0, |found| found.accepted));
    assert_eq!(records.sum::<usize>(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_exports_read_the_same_or_not_at_all(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let all = fixtures("bin");
        let mut body = all.iter().find(|body| (PROTOBUF.check)(body).is_ok_and(|found| found.accepted > 0)).unwrap().clone();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        compare(&body);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        body in prop::collection::vec(prop_oneof![4 => 0_u8..32, 1 => any::<u8>()], 0..120),
    ) {
        prop_assert_eq!((PROTOBUF.check)(&body).is_ok(), (PROTOBUF.decode)(&body).is_ok());
        compare(&body);
    }

    #[test]
    fn any_json_is_read_or_refused(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"resourceLogs\":", "\"scopeLogs\":", "\"logRecords\":",
            "\"body\":", "\"attributes\":", "\"gen_ai.choice\"", "\"eventName\":", "{}", "[]", "null",
            "\"traceId\":\"0102030405060708090a0b0c0d0e0f10\"", "\"spanId\":\"0102030405060708\"",
            "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[", "]}]}]}", "{\"stringValue\":\"x\"}",
        ]), 0..24),
    ) {
        let body = pieces.concat().into_bytes();
        let (checked, decoded) = ((JSON.check)(&body), (JSON.decode)(&body));
        prop_assert_eq!(checked.as_ref().map_or(0, |found| found.accepted), decoded.map_or(0, |events| events.len()));
        let is_object = serde_json::from_slice::<Value>(&body).is_ok_and(|json| json.is_object());
        prop_assert_eq!(checked.is_ok(), is_object);
    }
}
