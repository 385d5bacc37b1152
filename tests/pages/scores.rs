//! Scores on the pages of traces and spans.

use crate::common::pages::{html, part, span, text, trace};
use crate::common::{PROJECT, RECEIVED, World, body};
use edgespan::batch::{BatchRef, RawStore};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use serde_json::{Value, json};

fn score(world: &World, scores: &Value) {
    let body = scores.to_string().into_bytes();
    let batch = BatchRef::of(PROJECT, &body, RECEIVED, "scores.json");
    pollster::block_on(world.store.put(&batch.key(), &body)).unwrap();
    let delivery = [Delivery { message: Message::of(&batch), attempt: 1 }];
    let done = consume(&delivery, &|| RECEIVED, world.formats, &world.store, &world.db);
    assert!(matches!(&pollster::block_on(done)[..], [Outcome::Ack(_)]));
}

#[test]
fn a_trace_shows_its_scores_and_a_span_its_own() {
    let world = World::new();
    world.deliver(
        PROJECT,
        &body(&[
            trace(&json!({ "id": "t", "name": "run" })),
            span(json!({ "id": "a", "name": "agent" })),
            span(json!({ "id": "b", "name": "ask", "parentSpanId": "a" })),
        ]),
    );
    assert!(!html(&world, "/traces/t").contains("class=\"scores\""));
    let version = part(&world, "/traces/t?span=b");
    score(
        &world,
        &json!([
            { "id": "1", "traceId": "t", "evaluatorName": "helpful", "value": 0.75, "label": "mostly",
              "reasoning": "<b>It</b> answers the question." },
            { "id": "2", "traceId": "t", "spanId": "b", "evaluatorName": "grounded", "value": 1 },
            { "id": "3", "traceId": "other", "evaluatorName": "of another", "value": 0 },
        ]),
    );
    assert_ne!(
        part(&world, "/traces/t?span=b"),
        version,
        "an open page sees that there are scores"
    );
    let page = html(&world, "/traces/t");
    let shown = text(&page);
    for wanted in [
        "2 scores",
        "helpful 0.75 mostly",
        "&lt;b&gt;It&lt;/b&gt; answers the question.",
        "grounded 1 span",
    ] {
        assert!(shown.contains(wanted), "{wanted} in {shown}");
    }
    assert!(!shown.contains("of another"));
    assert!(page.contains("href=\"?span=b\""));
    // Those of one evaluator stand together, each with its time.
    score(
        &world,
        &json!({ "id": "4", "traceId": "t", "spanId": "a", "evaluatorName": "grounded", "value": 0.25,
            "reasoning": "Half of it\nis not there." }),
    );
    let page = html(&world, "/traces/t");
    let shown = text(&page);
    assert!(shown.contains("grounded 2 scores, 0.63 on average"), "{shown}");
    assert_eq!(page.matches(">grounded<").count(), 1);
    assert!(shown.contains("0.25 span api · 2026-11-22 06:19:30"), "{shown}");
    assert!(page.contains("Half of it\nis not there."));
    let detail = text(&part(&world, "/traces/t/spans/b"));
    assert!(detail.contains("Scores grounded 1 api"), "{detail}");
    assert!(!detail.contains("helpful"), "{detail}");
    let chosen = text(&html(&world, "/traces/t?span=b"));
    assert!(chosen.contains("Scores grounded 1 api"), "{chosen}");
    let other = text(&part(&world, "/traces/t/spans/a"));
    assert!(other.contains("Scores grounded 0.25 api"), "{other}");
}
