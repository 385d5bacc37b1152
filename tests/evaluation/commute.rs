//! Batches in any order, split and repeated in any way, and words of them likewise, end in the
//! same scores.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{PROJECT, RECEIVED, World, body};
use crate::shop::{Shop, span, trace};

/// What happens to two traces, in any order. What a trace asks for comes with it: who judges it
/// is decided when it is judged.
fn events() -> Vec<Vec<Value>> {
    let late =
        json!({ "parentSpanId": "root", "endTime": "2026-11-22T06:00:09Z", "output": "please" });
    let other = |output: &str, at: &str| {
        let mut span =
            span("t", "other", "LLM", json!({ "parentSpanId": "root", "output": output }));
        span["timestamp"] = json!(at);
        span
    };
    vec![
        vec![trace("t", json!({ "tags": ["prod"] }))],
        vec![span("t", "root", "AGENT", json!({ "output": "yes, please", "cost": 0.5 }))],
        vec![span("t", "call", "LLM", late)],
        vec![other("no", "2026-11-22T06:00:02Z")],
        vec![other("please!", "2026-11-22T06:00:03Z")],
        vec![span("t", "tool", "TOOL", json!({ "cost": 0.1 }))],
        vec![
            trace("u", json!({ "evaluators": ["cheap"] })),
            span("u", "root", "LLM", json!({ "output": "no", "cost": 0.25 })),
        ],
    ]
}

fn shop() -> Shop {
    let shop = Shop::new();
    let of = |name: &str, config: Value, other| shop.evaluator(name, "CONTAINS", config, other);
    of("polite", json!({ "value": "please" }), json!({}));
    of("each", json!({ "value": "please" }), json!({ "target": "span" }));
    of("tagged", json!({ "value": "yes" }), json!({ "filter": { "tags": ["prod"] } }));
    shop.evaluator("cheap", "COST", json!({ "max_cost_usd": 1 }), json!({ "autoRun": false }));
    shop.evaluator("fast", "LATENCY", json!({ "max_ms": 10_000 }), json!({}));
    shop
}

fn end(shop: &Shop) -> (Vec<String>, Vec<String>, Vec<String>) {
    let world: &World = &shop.world;
    let scores = "select id || ' ' || trace || ' ' || coalesce(span, '') || ' ' || name || ' ' || value || ' ' || label || ' ' || reasoning from score order by 1";
    let evaluations = "select trace || evaluator || span || status || coalesce(input, '') from evaluation order by 1";
    (world.db.texts(scores), world.db.texts(evaluations), world.listed(PROJECT))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_ends_in_the_same_scores(
        order in Just((0..7_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in proptest::collection::vec(0..7_usize, 0..4),
        words in proptest::collection::vec((0..12_usize, 0..3_usize), 0..12),
    ) {
        let events = events();
        let whole = shop();
        whole.send(&events.concat());
        whole.evaluate();

        let parts = shop();
        let mut messages = Vec::new();
        for (at, event) in order.iter().chain(&again).enumerate() {
            let one: Vec<String> = events[*event].iter().map(Value::to_string).collect();
            let one = body(&one);
            parts.world.deliver(PROJECT, &one);
            for (mut message, delay) in parts.world.evaluations.0.take() {
                // Each is written a second after the one before.
                message.as_of_ms = RECEIVED + i64::try_from(at).unwrap() * 1_000;
                messages.push((message, delay));
            }
            // Words come at any time, early, late and again.
            for (_, times) in words.iter().filter(|(place, _)| *place == at) {
                for _ in 0..*times {
                    if let Some((message, _)) = messages.last() {
                        parts.now.set(message.as_of_ms + 60_000);
                        parts.deliver(message).unwrap();
                    }
                }
            }
        }
        parts.world.evaluations.0.replace(messages.clone());
        parts.evaluate();
        for (message, _) in messages.iter().rev() {
            parts.deliver(message).unwrap();
        }
        parts.evaluate();
        prop_assert_eq!(end(&parts), end(&whole));
    }
}
