//! Our reader of OTLP in protobuf beside an independent one, prost's: what that one reads
//! ours reads too, and says the same; and whatever the bytes are, reading them ends.
//!
//! Beyond that they differ on purpose. A field that has another wire type than it should
//! is passed over here, as protobuf's own readers do it, and refused by prost. Text that
//! is not UTF-8 is kept here with its bad bytes replaced: prost is given it as bytes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::struct_field_names,
    clippy::format_collect,
    missing_docs,
    reason = "tests fail by panicking"
)]

use std::fs;
use std::path::Path;

use edgespan::formats::otlp::{JSON, PROTOBUF};
use edgespan::formats::wire_format::EventBytes;
use edgespan::model::Body;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Scope {
    #[prost(bytes = "vec", tag = "1")]
    name: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    version: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    trace_state: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    name: Vec<u8>,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "10")]
    dropped_attributes: u32,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(uint32, tag = "12")]
    dropped_events: u32,
    #[prost(message, repeated, tag = "13")]
    links: Vec<Link>,
    #[prost(uint32, tag = "14")]
    dropped_links: u32,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(fixed64, tag = "1")]
    time: u64,
    #[prost(bytes = "vec", tag = "2")]
    name: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "4")]
    dropped_attributes: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Link {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(bytes = "vec", tag = "2")]
    message: Vec<u8>,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) key: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(super) value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnyValue {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub(super) kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Kind {
    #[prost(bytes, tag = "1")]
    Text(Vec<u8>),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    List(ArrayValue),
    #[prost(message, tag = "6")]
    Map(KeyValueList),
    #[prost(bytes, tag = "7")]
    Bytes(Vec<u8>),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyValueList {
    #[prost(message, repeated, tag = "1")]
    values: Vec<KeyValue>,
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Attributes as ours shows them: in order of keys, of several the last.
pub(super) fn attributes(pairs: &[KeyValue]) -> Value {
    let mut last: Vec<&KeyValue> = Vec::new();
    for pair in pairs {
        last.retain(|other| text(&other.key) != text(&pair.key));
        last.push(pair);
    }
    last.sort_by_key(|pair| text(&pair.key));
    last.into_iter().map(pair).collect()
}

fn pair(pair: &KeyValue) -> Value {
    json!({ "key": text(&pair.key), "value": any_value(pair.value.as_ref()) })
}

pub(super) fn any_value(value: Option<&AnyValue>) -> Value {
    match value.and_then(|value| value.kind.as_ref()) {
        None => json!({}),
        Some(Kind::Text(bytes)) => json!({ "stringValue": text(bytes) }),
        Some(Kind::Bool(bool)) => json!({ "boolValue": bool }),
        Some(Kind::Int(int)) => json!({ "intValue": int.to_string() }),
        Some(Kind::Double(double)) if double.is_finite() => json!({ "doubleValue": double }),
        Some(Kind::Double(double)) => json!({ "doubleValue": double.to_string() }),
        Some(Kind::List(list)) => {
            let values: Value = list.values.iter().map(|value| any_value(Some(value))).collect();
            json!({ "arrayValue": { "values": values } })
        }
        Some(Kind::Map(map)) => {
            let values: Value = map.values.iter().map(pair).collect();
            json!({ "kvlistValue": { "values": values } })
        }
        Some(Kind::Bytes(bytes)) => json!({ "stringValue": base64(bytes) }),
    }
}

fn show(span: &Span) -> Value {
    let events = span.events.iter().map(|event| {
        json!({
            "timeUnixNano": event.time.to_string(),
            "name": text(&event.name),
            "attributes": attributes(&event.attributes),
            "droppedAttributesCount": event.dropped_attributes,
        })
    });
    let links = span.links.iter().map(|link| {
        json!({
            "traceId": hex(&link.trace_id),
            "spanId": hex(&link.span_id),
            "attributes": attributes(&link.attributes),
        })
    });
    let status = span.status.clone().unwrap_or_default();
    let mut shown = json!({
        "traceId": hex(&span.trace_id),
        "spanId": hex(&span.span_id),
        "flags": span.flags,
        "name": text(&span.name),
        "kind": span.kind.cast_unsigned(),
        "startTimeUnixNano": span.start.to_string(),
        "endTimeUnixNano": span.end.to_string(),
        "attributes": attributes(&span.attributes),
        "events": events.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
        "droppedAttributesCount": span.dropped_attributes,
        "droppedEventsCount": span.dropped_events,
        "droppedLinksCount": span.dropped_links,
        "status": { "code": status.code.cast_unsigned(), "message": text(&status.message) },
    });
    if span.parent_span_id.iter().any(|byte| *byte > 0) {
        shown["parentSpanId"] = hex(&span.parent_span_id).into();
    }
    if !span.trace_state.is_empty() {
        shown["traceState"] = text(&span.trace_state).into();
    }
    shown
}

/// Whether a span has the ids that it has to.
fn is_good(span: &Span) -> bool {
    let is_id = |id: &[u8], length| id.len() == length && id.iter().any(|byte| *byte > 0);
    is_id(&span.trace_id, 16)
        && is_id(&span.span_id, 8)
        && matches!(span.parent_span_id.len(), 0 | 8)
}

/// # Panics
/// Where ours does not read what prost reads, or says something else.
fn compare(body: &[u8]) {
    let ours = (PROTOBUF.decode)(body);
    assert_eq!(ours.is_ok(), (PROTOBUF.check)(body).is_ok());
    let Ok(theirs) = Export::decode(body) else { return };
    let events = ours.unwrap_or_else(|error| panic!("{error}: {body:02x?}"));
    let spans = theirs.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    let spans: Vec<_> = spans.flat_map(|scope| &scope.spans).collect();
    let good: Vec<_> = spans.iter().copied().filter(|span| is_good(span)).collect();
    let decoded = (PROTOBUF.check)(body).unwrap();
    assert_eq!((decoded.events, decoded.accepted), (spans.len(), good.len()));
    assert_eq!(events.len(), good.len());
    for (event, span) in events.iter().zip(good) {
        let own = &body[event.range.clone()];
        let shown = (PROTOBUF.show_event)(&EventBytes { own, context: Vec::new() }).unwrap();
        // Both through text: reading numbers of JSON is not exact to the last bit.
        let value = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        assert_eq!(value(&shown), value(&show(span).to_string()), "{body:02x?}");
    }
}

/// The bodies of requests for spans, by the ending of their files.
pub(super) fn fixtures(ending: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/otlp"));
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| is_body(file, ending)).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn is_body(file: &Path, ending: &str) -> bool {
    let name = file.file_name().unwrap().to_str().unwrap();
    let about = [".meta.json", ".expected.json"].iter().any(|about| name.ends_with(about));
    !about && name.ends_with(&format!(".{ending}"))
}

#[test]
fn what_clients_send_reads_the_same() {
    let all = fixtures("bin");
    assert!(all.len() > 15);
    for body in &all {
        compare(body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_exports_read_the_same_or_not_at_all(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let all = fixtures("bin");
        let mut body = which.get(&all).clone();
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
    fn any_bytes_read_the_same_or_not_at_all(
        body in prop::collection::vec(
            prop_oneof![4 => 0_u8..32, 1 => any::<u8>()],
            0..120,
        ),
    ) {
        compare(&body);
    }

    #[test]
    fn damaged_exports_in_json_are_read_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let all = fixtures("json");
        let mut body = which.get(&all).clone();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let (checked, decoded) = ((JSON.check)(&body), (JSON.decode)(&body));
        prop_assert_eq!(checked.is_ok(), decoded.is_ok());
        let json: Result<Value, _> = serde_json::from_slice(&body);
        // Half a surrogate pair is let through here, and so is a number that no float holds:
        // both are kept as they are written.
        let kept = ["surrogate", "number out of range"];
        let said = json.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let is_kept = kept.iter().any(|why| said.contains(why));
        prop_assert!(json.is_ok() == checked.is_ok() || is_kept, "{checked:?} {json:?}");
        for event in decoded.unwrap_or_default() {
            let context = event.context.iter().flat_map(|ranges| ranges.iter());
            let context = context.map(|range| &body[range.clone()]).collect();
            let bytes = EventBytes { own: &body[event.range.clone()], context };
            let again = (JSON.decode_event)(&bytes).remove(0);
            let (Body::Span(first), Body::Span(again)) = (&event.body, &again.body) else {
                panic!("no span")
            };
            prop_assert_eq!(&first.trace, &again.trace);
            prop_assert_eq!((&first.id, &first.parent, &first.name, first.kind, first.usage, &first.of_trace),
                (&again.id, &again.parent, &again.name, again.kind, again.usage, &again.of_trace));
        }
    }
}
