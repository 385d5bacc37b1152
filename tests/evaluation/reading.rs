//! How much of a trace is read to judge it, how long that may take, and what is judged where
//! some of it cannot be read.

use serde_json::json;

use crate::common::RECEIVED;
use crate::shop::{Shop, span};
use crate::traces::score;

#[test]
fn word_that_is_out_of_date_reads_no_trace() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.send(&[span("t", "root", "AGENT", json!({ "output": "no" }))]);
    let (older, _) = shop.world.evaluations.0.borrow()[0].clone();
    shop.send(&[span("t", "call", "LLM", json!({ "parentSpanId": "root" }))]);
    // Who reads it notes a failure.
    let damage = "update trace set pack = x'ff' where id = 't'";
    shop.world.db.0.borrow().execute_batch(damage).unwrap();
    let done = shop.deliver(&older).unwrap();
    assert_eq!((done.traces, done.failed), (0, 0));
}

#[test]
fn a_trace_that_takes_too_long_is_put_off_and_goes_on_where_it_got_to() {
    let shop = Shop::new();
    shop.evaluator("each", "LENGTH", json!({ "max": 5 }), json!({ "target": "span" }));
    let spans: Vec<_> =
        (0..40).map(|n| span("t", &format!("s{n}"), "LLM", json!({ "output": n }))).collect();
    shop.send(&spans);
    // Whoever asks what time it is finds that a second has passed.
    let now = || {
        shop.now.set(shop.now.get() + 1_000);
        shop.now.get()
    };
    let mut scores = Vec::new();
    loop {
        let waiting = shop.world.evaluations.0.borrow_mut().pop();
        let Some((request, delay_s)) = waiting else { break };
        shop.now.set(shop.now.get() + i64::from(delay_s) * 1_000);
        let done = shop.deliver_by(&request, &now).unwrap();
        scores.push((done.scores, done.later));
    }
    assert!(
        scores.len() > 3 && scores.iter().all(|(some, _)| (1..15).contains(some)),
        "{scores:?}"
    );
    assert_eq!(scores.iter().map(|(some, _)| some).sum::<usize>(), 40);
    assert_eq!((scores.last().unwrap().1, shop.scores("t").len()), (0, 40));
}

#[test]
fn what_reads_no_text_judges_a_trace_whose_texts_are_gone() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.evaluator("fast", "LATENCY", json!({ "max_ms": 2_000 }), json!({}));
    shop.evaluator("cheap", "COST", json!({ "max_cost_usd": 1 }), json!({}));
    shop.evaluator("tools", "TOOL_CALL_VALIDATION", json!({}), json!({}));
    shop.send(&[span("t", "root", "LLM", json!({ "output": "please", "cost": 0.5 }))]);
    shop.world.store.objects.borrow_mut().clear();
    let (request, _) = shop.world.evaluations.0.take().remove(0);
    shop.now.set(RECEIVED + 60_000);
    assert_eq!(shop.deliver(&request).unwrap().failed, 2);
    assert_eq!(shop.scores("t"), [score("cheap", "", 1.0, "pass"), score("fast", "", 1.0, "pass")]);
    let gone = "error: the raw batch is not in the store";
    let (polite, tools) = (format!("polite {gone}"), format!("tools {gone}"));
    assert_eq!(shop.statuses(), ["cheap ok", "fast ok", &polite, &tools]);
}

#[test]
fn too_many_calls_of_models_are_not_looked_through_and_not_tried_again() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.evaluator("tools", "TOOL_CALL_VALIDATION", json!({}), json!({}));
    shop.send(&[span("t", "root", "AGENT", json!({ "output": "please" }))]);
    for batch in 0..3 {
        let id = |n: usize| format!("c{batch}-{n}");
        let call = json!({ "parentSpanId": "root", "output": {} });
        let calls: Vec<_> = (0..700).map(|n| span("t", &id(n), "LLM", call.clone())).collect();
        shop.send(&calls);
    }
    let last = shop.evaluate().pop().unwrap();
    assert_eq!((last.traces, last.later), (1, 0));
    let why = "tools error: it calls models too often to be judged";
    assert_eq!(shop.statuses(), ["polite ok", why]);
    assert_eq!(
        shop.world.db.texts("select failures || '' from evaluation where name = 'tools'"),
        ["3"]
    );
}

#[test]
fn spans_are_read_once_however_many_judge_them() {
    let reads = |evaluators: usize| {
        let shop = Shop::new();
        for n in 0..evaluators {
            let of_spans = json!({ "target": "span" });
            shop.evaluator(&format!("e{n}"), "LENGTH", json!({ "max": 5 }), of_spans);
        }
        shop.send(&[span("t", "root", "LLM", json!({ "output": "please" }))]);
        let before = shop.world.store.reads.get();
        let done = shop.evaluate();
        assert_eq!(done[0].scores, evaluators);
        shop.world.store.reads.get() - before
    };
    assert_eq!(reads(10), reads(1));
}
