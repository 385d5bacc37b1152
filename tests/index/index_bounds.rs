//! What the index keeps stays within bounds, and what it adds up stays right,
//! whatever a client sends that is accepted.

use crate::common::{PROJECT, World, body};
use edgespan::limits::{MAX_COST_USD, MAX_INDEXED_LISTS_BYTES, MAX_TOKENS};
use edgespan::pipeline::consume::Outcome;
use serde_json::{Value, json};

#[test]
fn totals_heal_after_newer_revisions() {
    let world = World::new();
    let spans = |minute: u8, tokens: u64, cost: f64| {
        let span = |n| {
            json!({ "type": "span-create", "timestamp": format!("2026-03-14T10:0{minute}:00Z"), "body": {
                "traceId": "t", "id": format!("s{n}"), "name": "n", "type": "LLM", "cost": cost,
                "usage": { "promptTokens": tokens, "completionTokens": tokens } } })
        };
        body(&(0..1_000).map(|n| span(n).to_string()).collect::<Vec<_>>())
    };
    let totals = |sent: &str| {
        assert!(matches!(world.deliver(PROJECT, sent), Outcome::Ack(_)));
        let trace = &world.list(PROJECT, "")["traces"][0];
        (trace["totalTokens"].clone(), trace["totalCost"].clone())
    };
    // Each span's total is no more than one count may be.
    let most = totals(&spans(1, MAX_TOKENS, MAX_COST_USD));
    assert_eq!(most, (json!(1_000 * MAX_TOKENS), json!("1000000000")));
    assert_eq!(totals(&spans(2, 1, -MAX_COST_USD)), (json!(2_000), json!("-1000000000")));
    assert_eq!(totals(&spans(3, 1, 0.5)), (json!(2_000), json!("500")));
}

#[test]
fn a_hundred_traces_of_the_worst_tags_are_a_list_of_half_a_megabyte() {
    let world = World::new();
    let worst = |n: usize| format!("{n:02}{}", "\u{1}".repeat(254));
    let texts: Vec<_> = (0..64).map(worst).collect();
    let traces: Vec<_> = (0..100)
        .map(|n| {
            let id = format!("t{n}");
            let body = json!({ "id": id, "name": "n", "tags": texts, "evaluators": texts });
            json!({ "type": "trace-create", "body": body }).to_string()
        })
        .collect();
    for some in traces.chunks(20) {
        assert!(matches!(world.deliver(PROJECT, &body(some)), Outcome::Ack(_)));
    }
    let kept = world.db.dump(
        "select distinct json_array_length(tags), length(tags || evaluators) <= 4096 from trace",
    );
    assert_eq!(MAX_INDEXED_LISTS_BYTES, 4_096);
    assert_eq!(kept, ["[Integer(2), Integer(1)]"]);
    let list = world.list(PROJECT, "limit=100");
    assert_eq!(list["traces"].as_array().unwrap().len(), 100);
    assert!(list.to_string().len() < 500_000, "{}", list.to_string().len());
}

#[test]
fn usual_tags_and_evaluators_are_all_kept() {
    let world = World::new();
    let texts = |word: &str| (0..64).map(|n| format!("{word}-{n}:value")).collect::<Vec<_>>();
    let (tags, evaluators) = (texts("environment"), texts("evaluator"));
    let event = json!({ "type": "trace-create", "body": { "id": "t", "name": "n", "tags": tags, "evaluators": evaluators } });
    world.deliver(PROJECT, &body(&[event.to_string()]));
    let trace: Value = serde_json::from_str(&world.get(PROJECT, "t")).unwrap();
    assert_eq!((&trace["tags"], &trace["evaluators"]), (&json!(tags), &json!(evaluators)));
}
