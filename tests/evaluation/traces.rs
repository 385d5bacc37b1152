//! What is judged of a trace, when, and what is said of it.

use serde_json::json;

use crate::common::{PROJECT, RECEIVED};
use crate::shop::{Shop, span, trace};

pub fn score(name: &str, span: &str, value: f64, label: &str) -> (String, String, f64, String) {
    (name.into(), span.into(), value, label.into())
}

#[test]
fn a_trace_is_judged_by_its_root_once_it_has_settled() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.evaluator("fast", "LATENCY", json!({ "max_ms": 2_000 }), json!({}));
    shop.send(&[
        trace("t", json!({})),
        span("t", "root", "AGENT", json!({ "output": "yes, please" })),
        span("t", "call", "LLM", json!({ "parentSpanId": "root", "output": "no" })),
    ]);
    assert_eq!(shop.scores("t"), []);
    shop.evaluate();
    assert_eq!(shop.now.get() - RECEIVED, 3_000);
    assert_eq!(
        shop.scores("t"),
        [score("fast", "", 1.0, "pass"), score("polite", "", 1.0, "pass")]
    );
    assert_eq!(shop.statuses(), ["fast ok", "polite ok"]);
    let list = shop.world.list(PROJECT, "");
    assert_eq!(list["traces"][0]["scoreCount"], 2);
}

#[test]
fn a_trace_whose_root_is_open_waits_a_minute() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.send(&[span("t", "root", "AGENT", json!({ "endTime": null, "output": "please" }))]);
    let done = shop.evaluate();
    assert_eq!((done[0].traces, done[0].later, done[1].traces), (0, 1, 1));
    assert_eq!(shop.now.get() - RECEIVED, 60_000);
    assert_eq!(shop.scores("t"), [score("polite", "", 1.0, "pass")]);
}

#[test]
fn word_of_an_older_state_is_passed_over() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.send(&[span("t", "root", "AGENT", json!({ "output": "no" }))]);
    shop.send(&[span("t", "call", "LLM", json!({ "parentSpanId": "root" }))]);
    let done = shop.evaluate();
    assert_eq!(done.iter().map(|done| done.traces).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_late_span_has_a_trace_judged_again_in_the_same_rows() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.send(&[span("t", "call", "LLM", json!({ "output": "no" }))]);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [score("polite", "", 0.0, "fail")]);
    let earlier = json!({ "startTime": "2026-11-22T05:00:00Z", "output": "please" });
    shop.send(&[span("t", "root", "AGENT", earlier)]);
    shop.now.set(RECEIVED + 60_000);
    // Written a minute after: the later state counts, whatever its message says of the time.
    shop.world.evaluations.0.borrow_mut()[0].0.as_of_ms = RECEIVED + 60_000;
    shop.evaluate();
    assert_eq!(shop.scores("t"), [score("polite", "", 1.0, "pass")]);
    assert_eq!((shop.count("score"), shop.count("evaluation")), (1, 1));
}

#[test]
fn what_was_judged_is_not_judged_again() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.send(&[span("t", "root", "AGENT", json!({ "output": "please" }))]);
    let (message, _) = shop.world.evaluations.0.borrow()[0].clone();
    shop.evaluate();
    let objects = shop.world.store.objects.borrow().len();
    let runs = || shop.world.db.texts("select cast(sum(eval_runs) as text) from stat");
    assert_eq!(runs(), ["1"]);
    for _ in 0..3 {
        assert_eq!(shop.deliver(&message).unwrap().scores, 0);
        assert_eq!(shop.ask("t", &["ev_polite"]).scores, 0);
    }
    assert_eq!(shop.world.store.objects.borrow().len(), objects);
    assert_eq!(runs(), ["1"]);
}

#[test]
fn a_project_without_evaluators_pays_nothing() {
    let shop = Shop::new();
    shop.evaluator("off", "CONTAINS", json!({ "value": "a" }), json!({ "enabled": false }));
    shop.evaluator("asked", "CONTAINS", json!({ "value": "a" }), json!({ "autoRun": false }));
    shop.send(&[trace("t", json!({})), span("t", "root", "AGENT", json!({ "output": "a" }))]);
    assert!(shop.world.evaluations.0.borrow().is_empty());
    assert_eq!((shop.count("score"), shop.count("evaluation")), (0, 0));
}

#[test]
fn a_trace_asks_for_evaluators_by_name_or_id_or_for_none() {
    let shop = Shop::new();
    shop.contains("auto", "a");
    shop.evaluator(
        "asked",
        "CONTAINS",
        json!({ "value": "a" }),
        json!({ "autoRun": false, "sampleRate": 0.0, "filter": { "traceName": "other" } }),
    );
    shop.evaluator("off", "CONTAINS", json!({ "value": "a" }), json!({ "enabled": false }));
    let root = |id: &str| span(id, "root", "AGENT", json!({ "output": "a" }));
    shop.send(&[trace("names", json!({ "evaluators": ["asked", "off", "none"] })), root("names")]);
    shop.send(&[trace("ids", json!({ "evaluators": ["ev_asked"] })), root("ids")]);
    shop.send(&[trace("empty", json!({ "evaluators": [] })), root("empty")]);
    shop.evaluate();
    assert_eq!(shop.scores("names"), [score("asked", "", 1.0, "pass")]);
    assert_eq!(shop.scores("ids"), [score("asked", "", 1.0, "pass")]);
    assert_eq!(shop.scores("empty"), []);
    let unknown = "No evaluator of this name is switched on.";
    let skipped = |name: &str| format!("{name} skipped: {unknown}");
    assert_eq!(
        shop.statuses(),
        ["asked ok".into(), "asked ok".into(), skipped("none"), skipped("off")]
    );
}

#[test]
fn filters_and_samples_choose_traces() {
    let shop = Shop::new();
    let only = |name: &str, other| shop.evaluator(name, "CONTAINS", json!({ "value": "a" }), other);
    only("named", json!({ "filter": { "traceName": "supp*" } }));
    only("tagged", json!({ "filter": { "tags": ["prod"] } }));
    only("never", json!({ "sampleRate": 0.0 }));
    let root = |id: &str| span(id, "root", "AGENT", json!({ "output": "a" }));
    shop.send(&[trace("t", json!({ "tags": ["prod", "x"] })), root("t")]);
    shop.send(&[trace("u", json!({ "name": "other" })), root("u")]);
    shop.evaluate();
    assert_eq!(
        shop.scores("t"),
        [score("named", "", 1.0, "pass"), score("tagged", "", 1.0, "pass")]
    );
    assert_eq!(shop.scores("u"), []);
}

#[test]
fn spans_are_judged_each_by_itself() {
    let shop = Shop::new();
    let target = |filter| json!({ "target": "span", "filter": filter });
    shop.evaluator("calls", "CONTAINS", json!({ "value": "a" }), target(json!({})));
    shop.evaluator(
        "tools",
        "LATENCY",
        json!({ "max_ms": 10 }),
        target(json!({ "spanTypes": ["TOOL"], "spanName": "t*" })),
    );
    shop.send(&[
        span("t", "root", "AGENT", json!({ "output": "a" })),
        span("t", "l1", "LLM", json!({ "output": "a", "parentSpanId": "root" })),
        span("t", "l2", "LLM", json!({ "output": "b", "parentSpanId": "root" })),
        span("t", "t1", "TOOL", json!({ "parentSpanId": "root" })),
        span("t", "x1", "TOOL", json!({ "parentSpanId": "root" })),
    ]);
    shop.evaluate();
    assert_eq!(
        shop.scores("t"),
        [
            score("calls", "l1", 1.0, "pass"),
            score("calls", "l2", 0.0, "fail"),
            score("tools", "t1", 0.0, "fail")
        ]
    );
}

#[test]
fn a_root_without_an_output_has_that_of_the_last_call_of_a_model() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    let end = |at: &str, output: Option<&str>| json!({ "parentSpanId": "root", "endTime": format!("2026-11-22T06:00:{at}Z"), "output": output });
    shop.send(&[
        span("t", "root", "CHAIN", json!({ "output": null })),
        span("t", "a", "LLM", end("02", Some("no"))),
        span("t", "b", "LLM", end("03", Some("please"))),
        span("t", "c", "AGENT", end("04", None)),
        span("t", "d", "TOOL", end("05", Some("no"))),
    ]);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [score("polite", "", 1.0, "pass")]);
}

#[test]
fn what_is_missing_is_skipped_and_says_why() {
    let shop = Shop::new();
    shop.contains("output", "a");
    shop.evaluator("expected", "EXACT_MATCH", json!({}), json!({}));
    shop.evaluator("cost", "COST", json!({ "max_cost_usd": 1 }), json!({}));
    shop.evaluator("tools", "TOOL_CALL_VALIDATION", json!({}), json!({}));
    shop.send(&[span("t", "root", "CHAIN", json!({}))]);
    shop.send(&[span("u", "root", "CHAIN", json!({ "output": "a" }))]);
    shop.evaluate();
    assert_eq!(shop.scores("t"), []);
    let t: Vec<String> = shop.world.db.texts("select name || ' ' || status || ' ' || message from evaluation where trace = 't' order by name");
    assert_eq!(t.len(), 4);
    assert!(t.iter().all(|line| line.contains(" skipped ")), "{t:?}");
    assert_eq!(shop.scores("u"), [score("output", "", 1.0, "pass")]);
}

#[test]
fn what_should_have_come_out_is_in_the_metadata_of_the_trace_or_of_its_root() {
    let shop = Shop::new();
    shop.evaluator("exact", "EXACT_MATCH", json!({}), json!({}));
    let root = |id: &str, expected: &str| {
        span(
            id,
            "root",
            "AGENT",
            json!({ "output": "a", "metadata": { "expectedOutput": expected } }),
        )
    };
    shop.send(&[trace("t", json!({ "metadata": { "expectedOutput": "a" } })), root("t", "b")]);
    shop.send(&[root("u", "b")]);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [score("exact", "", 1.0, "pass")]);
    assert_eq!(shop.scores("u"), [score("exact", "", 0.0, "fail")]);
}

#[test]
fn calls_of_tools_are_those_of_all_calls_of_models() {
    let shop = Shop::new();
    shop.evaluator(
        "tools",
        "TOOL_CALL_VALIDATION",
        json!({ "allowed_functions": ["a"] }),
        json!({}),
    );
    let call = |name: &str| json!({ "parentSpanId": "root", "output": { "tool_calls": [{ "function": { "name": name, "arguments": "{}" } }] } });
    shop.send(&[
        span("t", "root", "AGENT", json!({ "output": "done" })),
        span("t", "l1", "LLM", call("a")),
    ]);
    shop.send(&[
        span("u", "root", "AGENT", json!({ "output": "done" })),
        span("u", "l1", "LLM", call("a")),
        span("u", "l2", "LLM", call("b")),
    ]);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [score("tools", "", 1.0, "pass")]);
    assert_eq!(shop.scores("u"), [score("tools", "", 0.0, "fail")]);
}

#[test]
fn a_poisoned_evaluator_hurts_neither_ingest_nor_its_neighbours() {
    let shop = Shop::new();
    shop.contains("good", "a");
    shop.evaluator("odd", "CONTAINS", json!({ "value": 1 }), json!({}));
    shop.evaluator("unknown", "NO_SUCH_TYPE", json!({}), json!({}));
    shop.evaluator(
        "dear",
        "REGEX_MATCH",
        json!({ "pattern": "(?:[a-z]{1,50}){1,20}!" }),
        json!({}),
    );
    let long = "b".repeat(100_000);
    shop.send(&[span("t", "root", "AGENT", json!({ "output": format!("a{long}") }))]);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [score("good", "", 1.0, "pass")]);
    let statuses = shop.statuses();
    for name in ["dear", "odd", "unknown"] {
        assert!(
            statuses.iter().any(|line| line.starts_with(&format!("{name} error: "))),
            "{statuses:?}"
        );
    }
}

#[test]
fn a_trace_that_was_first_heard_of_a_day_ago_is_not_judged_unasked() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    let events = [span("t", "root", "AGENT", json!({ "output": "please" })).to_string()];
    let body = crate::common::body(&events);
    shop.world.deliver_at(PROJECT, &body, RECEIVED - 25 * 3_600_000);
    assert!(shop.world.evaluations.0.borrow().is_empty());
    assert_eq!(shop.ask("t", &["ev_polite"]).scores, 1);
    assert_eq!(shop.scores("t"), [score("polite", "", 1.0, "pass")]);
}

#[test]
fn a_deleted_score_stays_so_when_the_trace_is_judged_again() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    shop.send(&[span("t", "root", "AGENT", json!({ "output": "no" }))]);
    shop.evaluate();
    let id = &shop.world.db.texts("select id from score")[0];
    let deletion = edgespan::formats::scores::deletion_of(id);
    shop.world.deliver_as("unscore.json", PROJECT, std::str::from_utf8(&deletion).unwrap());
    assert_eq!(shop.scores("t"), []);
    shop.send(&[span(
        "t",
        "root2",
        "AGENT",
        json!({ "startTime": "2026-11-22T05:00:00Z", "output": "please" }),
    )]);
    shop.evaluate();
    assert_eq!(shop.scores("t"), []);
}

#[test]
fn a_trace_whose_row_is_damaged_holds_up_no_other() {
    let shop = Shop::new();
    shop.contains("polite", "please");
    let root = |id: &str| span(id, "root", "AGENT", json!({ "output": "please" }));
    shop.send(&[root("t"), root("u")]);
    let damage = "update trace set pack = x'ff' where id = 't'";
    shop.world.db.execute(damage);
    let done = shop.evaluate();
    assert_eq!((done[0].traces, done[0].failed), (1, 1));
    assert_eq!(shop.scores("u"), [score("polite", "", 1.0, "pass")]);
}
