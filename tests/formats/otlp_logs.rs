//! Logs that are content: messages of calls of models that come as log records, before or
//! after the spans that they are of, or without them.

use edgespan::formats::FORMATS;
use edgespan::formats::decoded::Decoded;
use edgespan::formats::otlp::logs::{JSON, PROTOBUF};
use edgespan::http::router::{Route, find};
use edgespan::model::Handling;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::ingest::{Preference, Upload, ingest};
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::state::find_wrong;

use crate::common::{PROJECT, RECEIVED, Waiting, World, pages};

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

fn id(span: u8) -> String {
    format!("{span:016x}")
}

/// Posts this to a path; what the client reads.
fn post(world: &World, path: &str, body: &Value) -> Value {
    let body = body.to_string().into_bytes();
    let queue = Waiting::default();
    let Route::Ingest(at) = find("POST", path, FORMATS).unwrap().route else { panic!("{path}") };
    let (format, _) = FORMATS.choose(at, Some("application/json")).unwrap();
    let preference = Preference { project: Handling::Strict, request: None };
    let upload = Upload { project: PROJECT, format, preference, received: RECEIVED, random: None };
    let kept = pollster::block_on(ingest(upload, &*body, &body, &world.store, &queue)).unwrap();
    for message in queue.0.take() {
        let delivery = [Delivery { message, attempt: 1 }];
        let done = consume(&delivery, &|| RECEIVED, FORMATS, &world.store, &world.db);
        let done = pollster::block_on(done);
        assert!(matches!(&*done, [Outcome::Ack(_)]), "{done:?}");
    }
    serde_json::from_str((format.accepted)(&kept.receipt, path).text()).unwrap()
}

fn logs(records: &[Value]) -> Value {
    json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] })
}

fn spans(spans: &[Value]) -> Value {
    json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] })
}

/// A call of a model, with what it says of itself.
fn call(span: u8, attributes: &[(&str, &str)]) -> Value {
    let own = [("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m")];
    let pairs = own.iter().chain(attributes);
    let attributes: Vec<_> =
        pairs.map(|(key, text)| json!({ "key": key, "value": { "stringValue": text } })).collect();
    let start = RECEIVED * 1_000_000 + i64::from(span);
    json!({ "traceId": TRACE, "spanId": id(span), "name": "chat", "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": (start + 5_000_000).to_string(), "attributes": attributes })
}

fn any_value(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Object(fields) => {
            let pairs =
                fields.iter().map(|(key, value)| json!({ "key": key, "value": any_value(value) }));
            json!({ "kvlistValue": { "values": pairs.collect::<Vec<_>>() } })
        }
        Value::Array(items) => {
            json!({ "arrayValue": { "values": items.iter().map(any_value).collect::<Vec<_>>() } })
        }
        other => json!({ "intValue": other.to_string() }),
    }
}

fn record(span: u8, name: &str, at: u32, body: &Value) -> Value {
    let time = RECEIVED * 1_000_000 + i64::from(at) * 1_000;
    json!({ "traceId": TRACE, "spanId": id(span), "timeUnixNano": time.to_string(),
        "body": any_value(body),
        "attributes": [{ "key": "event.name", "value": { "stringValue": name } }] })
}

/// A record with all messages of a call.
fn details(span: u8, at: u32, input: &str, output: &str) -> Value {
    let list =
        |text: &str| json!([{ "role": "user", "parts": [{ "type": "text", "content": text }] }]);
    let pair = |key: &str, text: &str| json!({ "key": key, "value": any_value(&list(text)) });
    let time = RECEIVED * 1_000_000 + i64::from(at) * 1_000;
    json!({ "traceId": TRACE, "spanId": id(span), "observedTimeUnixNano": time.to_string(),
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": [pair("gen_ai.input.messages", input), pair("gen_ai.output.messages", output)] })
}

fn read(world: &World) -> Value {
    serde_json::from_str(&world.get(PROJECT, TRACE)).unwrap()
}

/// A conversation with one record for each message.
fn conversation(span: u8) -> Vec<Value> {
    let call =
        json!([{ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } }]);
    vec![
        record(span, "gen_ai.system.message", 1, &json!({ "content": "Be kind." })),
        record(span, "gen_ai.user.message", 2, &json!({ "content": "Hello" })),
        record(span, "gen_ai.assistant.message", 3, &json!({ "tool_calls": call })),
        record(span, "gen_ai.tool.message", 4, &json!({ "content": "ok", "id": "c1" })),
        record(
            span,
            "gen_ai.choice",
            5,
            &json!({ "finish_reason": "stop", "index": 0, "message": { "role": "assistant", "content": "Hi" } }),
        ),
    ]
}

#[test]
fn one_record_for_each_message_is_one_conversation_however_it_is_split() {
    let records = conversation(1);
    let input = json!([
        { "role": "system", "content": "Be kind." },
        { "role": "user", "content": "Hello" },
        { "role": "assistant", "tool_calls":
            [{ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
        { "role": "tool", "content": "ok", "id": "c1" },
    ]);
    let output =
        json!([{ "role": "assistant", "content": "Hi", "finish_reason": "stop", "index": 0 }]);
    for most in 1..=5 {
        for spans_first in [true, false] {
            let world = World::new();
            let send_spans = || post(&world, "/v1/traces", &spans(&[call(1, &[])]));
            if spans_first {
                send_spans();
            }
            for some in records.rchunks(most) {
                assert_eq!(post(&world, "/v1/logs", &logs(some)), json!({}));
            }
            if !spans_first {
                send_spans();
            }
            let span = read(&world)["spans"][0].clone();
            assert_eq!((&span["input"], &span["output"]), (&input, &output));
            assert_eq!((&span["type"], &span["name"]), (&json!("LLM"), &json!("chat")));
        }
    }
}

#[test]
fn what_a_span_says_itself_counts_before_its_logs() {
    let world = World::new();
    let own = r#"[{"role":"user","parts":[]}]"#;
    post(&world, "/v1/logs", &logs(&[details(1, 3, "logged", "answer")]));
    post(&world, "/v1/traces", &spans(&[call(1, &[("gen_ai.input.messages", own)])]));
    post(
        &world,
        "/v1/logs",
        &logs(&[conversation(1), vec![details(1, 9, "later", "newer")]].concat()),
    );
    let span = read(&world)["spans"][0].clone();
    assert_eq!(span["input"], json!([{ "role": "user", "parts": [] }]));
    assert_eq!(span["output"][0]["parts"][0]["content"], "newer");
}

#[test]
fn other_records_are_counted_and_not_kept() {
    let world = World::new();
    let without_content =
        json!({ "index": 0, "finish_reason": "stop", "message": { "role": "assistant" } });
    let mut of_no_span = details(1, 1, "a", "b");
    of_no_span["spanId"] = "".into();
    let mut of_a_bad_span = details(1, 1, "a", "b");
    of_a_bad_span["spanId"] = "0102".into();
    let others = [
        json!({ "body": { "stringValue": "gen_ai.choice" } }),
        json!({}),
        record(1, "gen_ai.choice", 1, &without_content),
        record(1, "gen_ai.user.message", 1, &json!({})),
        record(1, "gen_ai.evaluation.result", 1, &json!({ "content": "x" })),
        json!({ "traceId": TRACE, "spanId": id(1), "eventName": "gen_ai.client.inference.operation.details" }),
        of_no_span,
        of_a_bad_span,
    ];
    let answer = post(&world, "/v1/logs", &logs(&others));
    let message = "Edgespan keeps traces only: 8 log records without messages of a span";
    assert_eq!(
        answer,
        json!({ "partialSuccess": { "rejectedLogRecords": "0", "errorMessage": message } })
    );
    assert_eq!(world.store.objects.borrow().len(), 0);
    // What is content among them is kept all the same.
    let answer = post(&world, "/v1/logs", &logs(&[&others[..1], &conversation(1)].concat()));
    assert!(answer["partialSuccess"]["errorMessage"].as_str().unwrap().contains(": 1 log record "));
    assert_eq!(read(&world)["spans"][0]["output"][0]["content"], "Hi");
    for empty in [json!({}), json!({ "resourceLogs": [] }), logs(&[])] {
        assert_eq!(post(&world, "/v1/logs", &empty), json!({}));
    }
}

#[test]
fn a_span_that_has_not_come_looks_like_none() {
    let world = World::new();
    post(&world, "/v1/logs", &logs(&conversation(1)));
    let trace = read(&world);
    let span = &trace["spans"][0];
    for field in ["type", "startTime", "endTime", "durationMs", "model", "parentSpanId"] {
        assert_eq!(span[field], Value::Null, "{field}");
    }
    assert_eq!((&trace["status"], &trace["spanCount"]), (&json!("RUNNING"), &json!(1)));
    let page = pages::html(&world, &format!("/traces/{TRACE}"));
    assert!(page.contains("span not received"), "{page}");
    let part = pages::part(&world, &format!("/traces/{TRACE}/spans/{}", id(1)));
    assert!(part.contains("Its messages have come as logs") && part.contains("Be kind."), "{part}");
    assert!(!part.contains(">OK<") && !part.contains("Custom"), "{part}");
}

#[test]
fn what_is_no_export_is_refused_with_its_place() {
    for (body, place) in [
        (&b"{\"resourceLogs\":[{]}"[..], "byte 18"),
        (b"[]", "expected an object"),
        (b"\xff", "not UTF-8"),
    ] {
        let why = format!("{:?}", (JSON.check)(body).unwrap_err());
        assert!(why.contains(place), "{why}");
    }
    for body in [&[0x0a, 0x05, 0x00][..], &[0x0a, 0x02, 0x12, 0x05]] {
        assert!((PROTOBUF.check)(body).is_err(), "{body:02x?}");
    }
}

#[test]
fn a_record_that_is_too_large_is_left_out_and_named() {
    let large = details(1, 1, &"x".repeat(edgespan::limits::MAX_OTLP_SPAN_BYTES), "b");
    let body = logs(&[json!({}), large, details(2, 1, "a", "b")]).to_string();
    let Decoded { accepted, invalid, details, .. } = (JSON.check)(body.as_bytes()).unwrap();
    assert_eq!((accepted, invalid), (1, 1));
    assert_eq!(details[0].path, "resourceLogs[0].scopeLogs[0].logRecords[1]");
    assert!(details[0].message.starts_with("expected at most 5242880 bytes"));
    assert_eq!((JSON.decode)(body.as_bytes()).unwrap().len(), 1);
}

/// Spans of which some say their input themselves, and records of some of them.
fn scenario() -> (Vec<Value>, Vec<Value>) {
    let own = r#"[{"role":"user","parts":[]}]"#;
    let calls =
        vec![call(1, &[]), call(2, &[("gen_ai.input.messages", own)]), call(3, &[]), call(4, &[])];
    let mut records = [conversation(1), conversation(2), conversation(3)].concat();
    records.extend([details(3, 7, "a", "b"), details(4, 8, "c", "d"), details(4, 9, "e", "f")]);
    records.extend([details(5, 3, "of no span", "that came"), json!({})]);
    (calls, records)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_order_split_and_repetition_of_spans_and_logs_ends_in_the_same_answers(
        places in prop::collection::vec((0..5_usize, prop::option::of(0..5_usize)), 24),
        order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
        logs_first in any::<[bool; 5]>(),
    ) {
        let (calls, records) = scenario();
        let (at_once, scattered) = (World::new(), World::new());
        post(&at_once, "/v1/traces", &spans(&calls));
        post(&at_once, "/v1/logs", &logs(&records));
        for batch in order {
            let some = |all: &[Value], from: usize| -> Vec<Value> {
                let places = places.iter().cycle().skip(from);
                let all = all.iter().zip(places);
                let all = all.filter(|(_, (first, second))| *first == batch || *second == Some(batch));
                all.map(|(one, _)| one.clone()).collect()
            };
            let mut exports = [
                ("/v1/traces", spans(&some(&calls, 0))),
                ("/v1/logs", logs(&some(&records, calls.len()))),
            ];
            if logs_first[batch] {
                exports.reverse();
            }
            for (path, body) in exports {
                post(&scattered, path, &body);
                post(&scattered, path, &body);
            }
        }
        for world in [&at_once, &scattered] {
            prop_assert_eq!(find_wrong(&world.db), Vec::<String>::new());
        }
        prop_assert_eq!(read(&at_once), read(&scattered));
        prop_assert_eq!(at_once.listed(PROJECT), scattered.listed(PROJECT));
    }
}
