//! Judging outputs: what is asked, what is answered, and what is refused.

use std::fs;

use serde_json::{Value, json};

use crate::common::platform::{KEY, Native, Sent};

fn post(body: impl Into<Vec<u8>>) -> Sent {
    Sent::new("POST", "/api/v1/validate").bearer(KEY).body(body)
}

/// The status, and the `data` or the `error`.
fn ask(body: &Value) -> (u16, Value) {
    let reply = Native::new().serve(post(body.to_string())).reply;
    let answer: Value = serde_json::from_str(reply.text()).unwrap();
    let part = if reply.status == 200 { "data" } else { "error" };
    (reply.status, answer[part].clone())
}

fn contains(value: &str) -> Value {
    json!({ "type": "CONTAINS", "config": { "value": value } })
}

#[test]
fn every_worked_example_comes_out_in_an_answer() {
    let native = Native::new();
    let mut count = 0;
    for entry in fs::read_dir("tests/fixtures/evaluators").unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        let Some(kind) = file["type"].as_str() else { continue };
        for case in file["cases"].as_array().unwrap() {
            let mut body = case.clone();
            body["evaluators"] = json!([{ "type": kind, "config": case["config"], "name": "n" }]);
            let reply = native.serve(post(body.to_string())).reply;
            assert_eq!(reply.status, 200, "{}", reply.text());
            let answer: Value = serde_json::from_str(reply.text()).unwrap();
            let (data, expect) = (&answer["data"], &case["expect"]);
            let item = &data["results"][0];
            let at = format!("{kind}: {}: {}", case["name"], reply.text());
            assert_eq!(data["pass"], expect["pass"], "{at}");
            for field in ["score", "label", "pass"] {
                assert_eq!(item[field], expect[field], "{at}");
            }
            assert_eq!(item["error"]["code"].as_str(), expect["error"].as_str(), "{at}");
            assert_eq!((&item["type"], &item["name"]), (&json!(kind), &json!("n")), "{at}");
            count += 1;
        }
    }
    assert!(count > 100);
}

#[test]
fn the_answer_has_every_field_in_its_order() {
    let native = Native::new();
    let served = native.serve(post(
        r#"{"output":"x","evaluators":[{"type":"CONTAINS","config":{"value":"refund"}}]}"#,
    ));
    let expected = concat!(
        r#"{"data":{"pass":false,"results":[{"type":"CONTAINS","name":null,"score":0.0,"label":"fail","pass":false,"#,
        r#""reasoning":"Found: none; not found: 'refund'.","error":null}],"latencyMs":0},"error":null}"#
    );
    assert_eq!(served.reply.text(), expected);
    assert_eq!((served.route, served.noted.project.as_deref()), ("validate", Some("p1")));
    assert!(native.0.world.store.objects.borrow().is_empty());
}

#[test]
fn any_failure_fails_the_whole_or_only_all_of_them_do() {
    for (mode, values, pass) in [
        (json!(null), ["a", "b"], true),
        (json!("any"), ["a", "x"], false),
        (json!("all"), ["a", "x"], true),
        (json!("all"), ["y", "x"], false),
    ] {
        let body = json!({
            "output": "a b",
            "failMode": mode,
            "evaluators": values.map(contains),
        });
        let (status, data) = ask(&body);
        assert_eq!((status, &data["pass"]), (200, &json!(pass)), "{body}");
        assert_eq!(data["results"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn what_is_wrong_with_one_evaluator_fails_that_one() {
    let body = json!({
        "output": "a",
        "durationMs": 5,
        "unknown": [],
        "evaluators": [
            { "type": "LENGTH", "config": { "min": "1" } },
            { "type": "COST", "config": { "max_cost_usd": 1 } },
            { "type": "REGEX_MATCH", "config": { "pattern": "[a-z]{1,900}", "negate": true }, "name": "é" },
            { "type": "LATENCY", "config": { "maxMs": 10 } },
            { "type": "TOXICITY", "config": null },
        ],
    });
    let (status, data) = ask(&body);
    assert_eq!(status, 200);
    let codes: Vec<_> =
        data["results"].as_array().unwrap().iter().map(|r| r["error"]["code"].clone()).collect();
    let null = Value::Null;
    assert_eq!(
        codes,
        [json!("INVALID_CONFIG"), json!("MISSING_INPUT"), null.clone(), null.clone(), null]
    );
    let first = &data["results"][0];
    assert_eq!((&first["label"], &first["pass"]), (&json!("fail"), &json!(false)));
    assert_eq!(first["reasoning"], first["error"]["message"]);
    assert!(first["reasoning"].as_str().unwrap().contains("min: expected an integer"));
}

#[test]
fn evaluators_together_cost_what_a_few_of_the_dearest_may() {
    let codes = |body: &Value| -> Vec<Option<String>> {
        let (status, data) = ask(body);
        assert_eq!(status, 200);
        let results = data["results"].as_array().unwrap();
        results.iter().map(|r| r["error"]["code"].as_str().map(str::to_owned)).collect()
    };
    let text = "é".repeat(20_000);
    let dear = json!({ "type": "LEVENSHTEIN", "config": {} });
    let wrong = json!({ "type": "JSON_SCHEMA", "config": { "schema": 1 } });
    let body = |evaluators: Value| json!({ "output": text, "expectedOutput": text, "evaluators": evaluators });
    // Each is as dear as one may be: what is beyond four of them is not looked at.
    let spent = codes(&body(json!([vec![dear.clone(); 10], vec![wrong.clone(); 10]].concat())));
    assert_eq!(spent[..4], [const { None }; 4]);
    assert!(spent[4..].iter().all(|code| code.as_deref() == Some("TOO_EXPENSIVE")), "{spent:?}");
    // As many as there may be of what is cheap, or wrong, each get their answer.
    let found = codes(&body(json!(vec![contains("e"); 50])));
    assert!(found.iter().all(Option::is_none), "{found:?}");
    let refused = codes(&body(json!(vec![wrong; 50])));
    assert!(refused.iter().all(|code| code.as_deref() == Some("INVALID_CONFIG")), "{refused:?}");
}

#[test]
fn a_malformed_request_is_refused_with_the_place() {
    let one = contains("a");
    for (body, path) in [
        (json!([]), "body"),
        (json!({ "output": "a" }), "evaluators"),
        (json!({ "evaluators": null }), "evaluators"),
        (json!({ "evaluators": {} }), "evaluators"),
        (json!({ "evaluators": [] }), "evaluators"),
        (json!({ "evaluators": vec![one.clone(); 51] }), "evaluators"),
        (json!({ "evaluators": [one, 1] }), "evaluators[1]"),
        (json!({ "evaluators": [{}] }), "evaluators[0].type"),
        (json!({ "evaluators": [one, { "type": "LLM_JUDGE" }] }), "evaluators[1].type"),
        (json!({ "evaluators": [{ "type": 1 }] }), "evaluators[0].type"),
        (json!({ "evaluators": [{ "type": "contains" }] }), "evaluators[0].type"),
        (json!({ "evaluators": [{ "type": "LENGTH", "config": [] }] }), "evaluators[0].config"),
        (json!({ "evaluators": [{ "type": "LENGTH", "name": 1 }] }), "evaluators[0].name"),
        (json!({ "evaluators": [one], "failMode": "some" }), "failMode"),
        (json!({ "evaluators": [one], "failMode": true }), "failMode"),
        (json!({ "evaluators": [one], "durationMs": -1 }), "durationMs"),
        (json!({ "evaluators": [one], "durationMs": "1" }), "durationMs"),
        (json!({ "evaluators": [one], "cost": false }), "cost"),
    ] {
        let (status, error) = ask(&body);
        assert_eq!((status, &error["code"]), (400, &json!("VALIDATION_ERROR")), "{body}");
        assert_eq!(error["details"][0]["path"], path, "{body}");
        assert!(error["message"].as_str().unwrap().starts_with(path), "{error}");
    }
    let (_, error) = ask(&json!({ "evaluators": [1, {}], "cost": -1 }));
    assert_eq!(error["details"].as_array().unwrap().len(), 3);
    let fifty = json!({ "output": "a", "evaluators": vec![contains("a"); 50] });
    assert_eq!(ask(&fifty).0, 200);
}

#[test]
fn what_is_no_request_is_refused_as_everywhere() {
    let native = Native::new();
    let with = |body: &[u8]| native.serve(post(body)).reply.status;
    let good = br#"{"output":"\ud83d \u00e9","evaluators":[{"type":"LENGTH","config":{"max":3}}]}"#;
    assert_eq!(with(good), 200);
    assert_eq!(with(b"{"), 400);
    assert_eq!(with(b"\xff"), 400);
    assert_eq!(with(br#"{"evaluators":[]} x"#), 400);
    assert_eq!(with(format!("{{\"output\":{}", "[".repeat(600)).as_bytes()), 400);
    let mut padded = good.to_vec();
    padded.resize(1_048_576, b' ');
    assert_eq!(with(&padded), 200);
    padded.push(b' ');
    assert_eq!(with(&padded), 413);
    let status = |sent: Sent| native.serve(sent).reply.status;
    assert_eq!(status(Sent::new("POST", "/api/v1/validate").body(good)), 401);
    assert_eq!(status(post(good).header("content-type", "text/plain")), 415);
    assert_eq!(status(Sent::new("GET", "/api/v1/validate").bearer(KEY)), 405);
    native.0.limited.set(true);
    assert_eq!(status(post(good)), 429);
}
