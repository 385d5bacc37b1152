//! Spans that are not about models on a trace's page: there, and shown when one asks.

use edgespan::batch::{BatchRef, RawStore};
use edgespan::formats::FORMATS;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use serde_json::{Value, json};

use crate::common::pages::{html, part};
use crate::common::{PROJECT, RECEIVED, World};

const TRACE: &str = "0102030405060708090a0b0c0d0e0f10";

/// A span of OpenTelemetry: its id, its parent, its kind, whether it failed, its attributes.
fn span(id: u8, parent: u8, kind: u8, failed: bool, attributes: &[(&str, &str)]) -> Value {
    let attributes: Vec<_> = attributes
        .iter()
        .map(|(key, text)| json!({ "key": key, "value": { "stringValue": text } }))
        .collect();
    let start = RECEIVED * 1_000_000 + i64::from(id);
    let parent = if parent == 0 { String::new() } else { format!("{parent:016x}") };
    json!({ "traceId": TRACE, "spanId": format!("{id:016x}"), "parentSpanId": parent,
        "name": format!("step {id}"), "kind": kind, "status": { "code": if failed { 2 } else { 0 } },
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 5_000_000).to_string(),
        "attributes": attributes })
}

fn world(spans: &[Value]) -> World {
    let world = World::new();
    let export = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] });
    let body = export.to_string().into_bytes();
    let batch = BatchRef::of(PROJECT, &body, RECEIVED, "otlp.json");
    pollster::block_on(world.store.put(&batch.key(), &body)).unwrap();
    let delivery = [Delivery { message: Message::of(&batch), attempt: 1 }];
    let done = consume(&delivery, &|| RECEIVED, FORMATS, &world.store, &world.db);
    assert!(matches!(&*pollster::block_on(done), [Outcome::Ack(_)]));
    world
}

/// The classes of the row of a span.
fn classes(page: &str, id: u8) -> Vec<String> {
    let row = page.find(&format!("data-span-id=\"{id:016x}\"")).unwrap();
    let class = page[..row].rfind("class=\"").unwrap() + "class=\"".len();
    let end = class + page[class..].find('"').unwrap();
    page[class..end].split(' ').map(str::to_owned).collect()
}

const HTTP: &[(&str, &str)] = &[("http.request.method", "POST"), ("url.full", "https://x.test")];

#[test]
fn requests_and_queries_are_marked_and_counted() {
    let chat = &[("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m")];
    let world = world(&[
        // A server, an agent in it, its call of a model, and what that sends.
        span(1, 0, 2, false, HTTP),
        span(2, 1, 1, false, &[("gen_ai.operation.name", "invoke_agent")]),
        span(3, 2, 3, false, chat),
        span(4, 3, 3, false, HTTP),
        span(5, 4, 1, false, &[("http.route", "/x")]),
        // A query that failed, a tool of its own by its kind, one that has input, a client.
        span(6, 2, 3, true, &[("db.system", "redis")]),
        span(7, 2, 3, false, &[]),
        span(8, 2, 3, false, &[("db.system", "x"), ("traceloop.entity.input", "{}")]),
        span(9, 2, 3, false, &[("server.address", "x.test")]),
    ]);
    let page = html(&world, &format!("/traces/{TRACE}"));
    let hidden: Vec<u8> =
        (1..=9).filter(|id| classes(&page, *id).contains(&"o".to_owned())).collect();
    assert_eq!(hidden, [4, 5, 9]);
    assert!(page.contains("3 other spans</button>"), "{page}");
    // Nothing is left to unfold below the call.
    assert!(classes(&page, 3).contains(&"z".to_owned()));
    assert!(!classes(&page, 2).contains(&"z".to_owned()));
    let trace: Value = serde_json::from_str(&world.get(PROJECT, TRACE)).unwrap();
    let types: Vec<_> = trace["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| span["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        ["CUSTOM", "AGENT", "LLM", "CUSTOM", "CUSTOM", "CUSTOM", "TOOL", "CUSTOM", "TOOL"]
    );
}

#[test]
fn a_trace_without_others_has_no_button_for_them() {
    for spans in [
        vec![span(1, 0, 1, false, &[])],
        // Nothing else is there: they are what one came to see.
        vec![span(1, 0, 2, false, HTTP), span(2, 1, 3, false, HTTP)],
    ] {
        let page = html(&world(&spans), &format!("/traces/{TRACE}"));
        assert!(page.contains("aria-pressed=\"false\" hidden"), "{page}");
        assert!(!classes(&page, 1).contains(&"o".to_owned()));
    }
}

#[test]
fn the_first_span_that_is_shown_is_the_one_beside_the_tree() {
    let world = world(&[span(1, 0, 3, false, HTTP), span(2, 0, 1, false, &[])]);
    let page = html(&world, &format!("/traces/{TRACE}"));
    assert!(page.contains(&format!("hx-get=\"/traces/{TRACE}/spans/{:016x}\"", 2)), "{page}");
}

#[test]
fn a_call_without_messages_says_how_they_are_sent() {
    let chat = &[("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "m")];
    let world = world(&[span(1, 0, 3, false, chat)]);
    let shown = part(&world, &format!("/traces/{TRACE}/spans/{:016x}", 1));
    assert!(shown.contains("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY"));
}
