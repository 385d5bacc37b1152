//! Evaluators that ask somebody else: what they send, what they make of the reply, how often
//! they ask, and what nobody is told. The server is made up, so that it can be made to fail.

use edgespan::outbound::OutboundReply;
use serde_json::{Value, json};

use crate::shop::{Shop, reply, span};

fn webhook(shop: &Shop, config: Value) {
    let mut all = json!({ "url": "https://judge.example/j", "headers": { "Authorization": "Bearer {{KEY}}" } });
    all.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    shop.evaluator("hook", "WEBHOOK", all, json!({}));
    shop.elsewhere
        .settings
        .replace(vec![("EVALUATOR_HOSTS", "judge.example"), ("EVALUATOR_SECRET_KEY", "s3cret")]);
}

fn judge(shop: &Shop, scale: &str) {
    shop.evaluator(
        "judge",
        "LLM_JUDGE",
        json!({ "criteria": "Is it polite?", "scale": scale }),
        json!({}),
    );
    shop.elsewhere.settings.replace(vec![
        ("JUDGE_BASE_URL", "https://gateway.example/v1/"),
        ("JUDGE_API_KEY", "s3cret"),
    ]);
}

fn send(shop: &Shop) {
    shop.send(&[span(
        "t",
        "root",
        "AGENT",
        json!({ "input": "hello", "output": { "a": [1.50] } }),
    )]);
}

fn answers(shop: &Shop, replies: Vec<Option<OutboundReply>>) {
    shop.elsewhere.replies.replace(replies);
}

/// What an answer of a model looks like.
fn said(content: &str) -> String {
    json!({ "choices": [{ "message": { "content": content } }] }).to_string()
}

#[test]
fn a_webhook_is_sent_what_is_judged_with_its_secrets_filled_in() {
    let shop = Shop::new();
    webhook(&shop, json!({ "team": "a" }));
    answers(&shop, vec![reply(200, r#"{"score":0.5,"pass":true,"reason":"so so"}"#)]);
    send(&shop);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [("hook".into(), String::new(), 0.5, "pass".into())]);
    let sent = shop.elsewhere.sent.take();
    let (url, headers, body) = &sent[0];
    assert_eq!(url, "https://judge.example/j");
    let id = &shop.world.db.texts("select id from score")[0];
    let header =
        |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
    assert_eq!(header("idempotency-key"), Some(&**id));
    assert_eq!(header("Authorization"), Some("Bearer s3cret"));
    assert_eq!(
        body,
        r#"{"traceId":"t","spanId":null,"input":"hello","output":{"a":[1.5]},"expectedOutput":null,"metadata":{"team":"a"},"config":{"team":"a"}}"#
    );
}

#[test]
fn a_webhook_is_asked_again_as_its_configuration_says() {
    let shop = Shop::new();
    webhook(&shop, json!({ "retries": 3 }));
    let late = OutboundReply { status: 429, retry_after: Some("7".into()), body: Some(vec![]) };
    answers(&shop, vec![None, reply(503, ""), Some(late), reply(200, r#"{"score":1}"#)]);
    send(&shop);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [("hook".into(), String::new(), 1.0, String::new())]);
    assert_eq!(shop.elsewhere.waited_ms.take(), [1_000, 2_000, 7_000]);
    let ids = shop.elsewhere.sent.take();
    let ids: Vec<_> = ids.iter().map(|(_, headers, _)| headers[1].1.clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn what_lies_or_redirects_or_refuses_is_an_error_and_asked_once() {
    for (answer, why) in [
        (reply(302, ""), "It answered with a redirect (302), which is not followed."),
        (reply(401, "s3cret"), "It answered with status 401."),
        (reply(200, "ok"), "The reply is not a JSON object with a score from 0 to 1."),
        (reply(200, r#"{"score":2}"#), "The reply is not a JSON object with a score from 0 to 1."),
        (
            Some(OutboundReply { status: 200, retry_after: None, body: None }),
            "The reply has more than 64 KiB.",
        ),
    ] {
        let shop = Shop::new();
        webhook(&shop, json!({}));
        answers(&shop, vec![answer]);
        send(&shop);
        shop.evaluate();
        assert_eq!(shop.scores("t"), []);
        assert_eq!(shop.statuses(), [format!("hook error: {why}")]);
        assert_eq!(shop.elsewhere.sent.borrow().len(), 1, "{why}");
    }
}

#[test]
fn one_that_is_away_is_tried_three_times_with_growing_delays_and_then_left() {
    let shop = Shop::new();
    webhook(&shop, json!({ "retries": 0 }));
    answers(&shop, vec![None]);
    send(&shop);
    let done = shop.evaluate();
    assert_eq!(done.iter().map(|done| done.later).collect::<Vec<_>>(), [1, 1, 0]);
    assert_eq!(shop.now.get() - crate::common::RECEIVED, 3_000 + 30_000 + 120_000);
    assert_eq!(
        shop.statuses(),
        ["hook error: It did not answer in time, or could not be reached."]
    );
    assert_eq!(shop.elsewhere.sent.borrow().len(), 3);
    // Nor does anybody who asks again have it called more often than three times.
    shop.ask("t", &["ev_hook"]);
    assert_eq!(shop.elsewhere.sent.borrow().len(), 3);
}

#[test]
fn one_that_comes_back_is_asked_again() {
    let shop = Shop::new();
    webhook(&shop, json!({ "retries": 0 }));
    answers(&shop, vec![None, reply(200, r#"{"score":1,"label":"fine"}"#)]);
    send(&shop);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [("hook".into(), String::new(), 1.0, "fine".into())]);
    assert_eq!(shop.statuses(), ["hook ok"]);
}

#[test]
fn what_the_operator_does_not_allow_is_not_asked() {
    type Settings = Vec<(&'static str, &'static str)>;
    let cases: [(Settings, &str); 3] = [
        (vec![], "the operator has not set EVALUATOR_HOSTS"),
        (
            vec![("EVALUATOR_HOSTS", "other.example")],
            "its host is none of those in EVALUATOR_HOSTS",
        ),
        (vec![("EVALUATOR_HOSTS", "*")], "needs the secret EVALUATOR_SECRET_KEY, which is not set"),
    ];
    for (settings, why) in cases {
        let shop = Shop::new();
        webhook(&shop, json!({}));
        shop.elsewhere.settings.replace(settings);
        answers(&shop, vec![reply(200, r#"{"score":1}"#)]);
        send(&shop);
        shop.evaluate();
        let status = &shop.statuses()[0];
        assert!(status.starts_with("hook error: ") && status.contains(why), "{status}");
        assert!(shop.elsewhere.sent.borrow().is_empty());
    }
}

#[test]
fn what_the_operator_has_not_set_costs_no_call_and_is_done_once_it_is_set() {
    let shop = Shop::new();
    webhook(&shop, json!({}));
    let set = shop.elsewhere.settings.take();
    answers(&shop, vec![reply(200, r#"{"score":1}"#)]);
    send(&shop);
    let done = shop.evaluate();
    assert_eq!((done.len(), done[0].later), (1, 0));
    for _ in 0..4 {
        shop.ask("t", &["ev_hook"]);
    }
    assert_eq!(shop.count("evaluator_calls"), 0);
    shop.elsewhere.settings.replace(set);
    shop.ask("t", &["ev_hook"]);
    assert_eq!(shop.scores("t"), [("hook".into(), String::new(), 1.0, String::new())]);
    assert_eq!(shop.statuses(), ["hook ok"]);
}

#[test]
fn a_score_that_may_not_be_asked_for_again_takes_nothing_of_the_day() {
    let shop = Shop::new();
    webhook(&shop, json!({ "retries": 0 }));
    answers(&shop, vec![None]);
    send(&shop);
    shop.evaluate();
    let earlier = json!({ "startTime": "2026-11-22T05:00:00Z", "output": "other" });
    shop.send(&[span("t", "first", "AGENT", earlier)]);
    shop.evaluate();
    let why = "hook error: It was called 3 times for this, as often as it may be.";
    assert_eq!(shop.statuses(), [why]);
    assert_eq!(shop.world.db.texts("select calls || '' from evaluator_calls"), ["3"]);
}

#[test]
fn a_day_has_so_many_calls() {
    let shop = Shop::new();
    webhook(&shop, json!({}));
    shop.world.db.execute("update evaluator set max_runs_per_day = 2");
    answers(&shop, vec![reply(200, r#"{"score":1}"#)]);
    for id in ["t1", "t2", "t3"] {
        shop.send(&[span(id, "root", "AGENT", json!({ "output": "a" }))]);
    }
    shop.evaluate();
    assert_eq!(shop.elsewhere.sent.borrow().len(), 2);
    let skipped = shop
        .statuses()
        .iter()
        .filter(|line| line.contains("hook skipped: It was called 2 times today"))
        .count();
    assert_eq!(skipped, 1);
    // The next day it goes on where it is asked to.
    shop.now.set(shop.now.get() + 24 * 3_600_000);
    shop.ask("t3", &["ev_hook"]);
    assert_eq!(shop.elsewhere.sent.borrow().len(), 3);
}

#[test]
fn a_judge_is_shown_data_and_its_score_counts() {
    let shop = Shop::new();
    judge(&shop, "1-5");
    answers(&shop, vec![reply(200, &said(r#"{"score": 4, "reasoning": "polite"}"#))]);
    send(&shop);
    shop.evaluate();
    assert_eq!(shop.scores("t"), [("judge".into(), String::new(), 0.75, "4".into())]);
    let sent = shop.elsewhere.sent.take();
    let (url, headers, body) = &sent[0];
    assert_eq!(url, "https://gateway.example/v1/chat/completions");
    assert!(headers.contains(&("authorization".into(), "Bearer s3cret".into())));
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["temperature"], 0);
    let shown = body["messages"][1]["content"].as_str().unwrap();
    assert_eq!(shown, "Input:\n<data>\nhello\n</data>\n\nOutput:\n<data>\n{\"a\":[1.5]}\n</data>");
}

#[test]
fn a_judge_is_not_called_again_while_what_it_reads_is_the_same() {
    let shop = Shop::new();
    judge(&shop, "pass_fail");
    answers(&shop, vec![reply(200, &said(r#"{"score":1}"#))]);
    send(&shop);
    shop.evaluate();
    // Another span changes how long the trace took, and neither input nor output.
    shop.send(&[span(
        "t",
        "tool",
        "TOOL",
        json!({ "parentSpanId": "root", "endTime": "2026-11-22T06:10:00Z" }),
    )]);
    shop.evaluate();
    shop.ask("t", &["ev_judge"]);
    assert_eq!(shop.elsewhere.sent.borrow().len(), 1);
    assert_eq!(shop.scores("t"), [("judge".into(), String::new(), 1.0, "pass".into())]);
}

#[test]
fn nothing_of_what_was_sent_or_came_back_is_in_a_message() {
    let shop = Shop::new();
    judge(&shop, "pass_fail");
    answers(&shop, vec![reply(400, "you sent s3cret: hello")]);
    send(&shop);
    shop.evaluate();
    assert_eq!(shop.statuses(), ["judge error: It answered with status 400."]);
}
