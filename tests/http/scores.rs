//! Scores over the API: sent, read back, deleted.

use edgespan::formats::scores::DELETION;
use edgespan::model::Handling;
use serde_json::{Value, json};

use crate::common::client::header;
use crate::common::platform::{KEY, Native, Sent};

fn post(body: &Value) -> Sent {
    Sent::new("POST", "/api/v1/scores").bearer(KEY).body(body.to_string())
}

fn ask(native: &Native, method: &'static str, path: &str) -> (u16, Value) {
    native.ask(method, path, &Value::Null)
}

fn sent(native: &Native, body: &Value) -> (u16, Value) {
    native.ask("POST", "/api/v1/scores", body)
}

fn least() -> Value {
    json!({ "traceId": "t", "evaluatorName": "e", "value": 0.5 })
}

#[test]
fn one_is_answered_as_it_is_read_back() {
    let native = Native::new();
    let body = json!({ "id": "s", "trace_id": "t", "spanId": "p", "name": "e", "value": 1,
        "label": "good", "reasoning": "why \"so\"", "metadata": { "a": 1.50 } });
    let (status, answer) = sent(&native, &body);
    assert_eq!(status, 201);
    let wanted = json!({ "id": "s", "traceId": "t", "spanId": "p", "evaluatorName": "e", "value": 1.0,
        "label": "good", "reasoning": "why \"so\"", "metadata": { "a": 1.50 }, "source": "api",
        "createdAt": "2026-11-22T06:19:30.123Z" });
    assert_eq!(answer, wanted);
    assert_eq!(ask(&native, "GET", "/api/v1/scores/s").0, 404);
    assert_eq!(native.deliver(), 1);
    let (status, answer) = ask(&native, "GET", "/api/v1/scores/s");
    assert_eq!((status, &answer["data"]), (200, &wanted));
    let (_, list) = ask(&native, "GET", "/api/v1/scores?traceId=t");
    assert_eq!(list["data"], json!({ "scores": [wanted], "nextCursor": null }));
}

#[test]
fn a_key_of_the_request_is_the_id_of_a_score_that_has_none() {
    let native = Native::new();
    let with_key = |body: &str, key: &str| {
        let sent = Sent::new("POST", "/api/v1/scores").bearer(KEY).header("idempotency-key", key);
        let reply = native.serve(sent.body(body.to_owned())).reply;
        (reply.status, serde_json::from_str::<Value>(reply.text()).unwrap())
    };
    let (one, with_id) = (least(), json!({ "id": "own", "traceId": "t", "name": "e", "value": 1 }));
    for _ in 0..2 {
        assert_eq!(with_key(&format!(" {one}"), "k\"1").1["id"], "k\"1");
    }
    assert_eq!(with_key(&with_id.to_string(), "k2").1["id"], "own");
    // Of several nobody knows which is meant.
    let (status, answer) = with_key(&json!([one, one]).to_string(), "k3");
    assert_eq!(status, 201);
    assert_ne!(answer["scores"][0]["id"], answer["scores"][1]["id"]);
    let (status, _) = with_key(&json!({ "scores": [one] }).to_string(), "k4");
    assert_eq!(status, 201);
    for (body, key) in [("{}", "k"), ("{", "k"), ("", "k"), (&*one.to_string(), "sc_1")] {
        assert_eq!(with_key(body, key).0, 400, "{body} {key}");
    }
    native.deliver();
    let (_, list) = ask(&native, "GET", "/api/v1/scores?limit=100");
    assert_eq!(list["data"]["scores"].as_array().unwrap().len(), 5);
}

#[test]
fn without_an_id_each_sending_is_a_new_score_and_with_one_it_is_the_same() {
    let native = Native::new();
    let mut ids: Vec<Value> = (0..3).map(|_| sent(&native, &least()).1["id"].take()).collect();
    let batch = json!({ "scores": [least(), least()] });
    for _ in 0..2 {
        let (status, mut answer) = sent(&native, &batch);
        assert_eq!((status, &answer["accepted"]), (201, &json!(2)));
        ids.extend([0, 1].map(|n| answer["scores"][n]["id"].take()));
    }
    let with_id =
        |value: f64| json!({ "id": "i", "traceId": "t", "evaluatorName": "e", "value": value });
    for value in [0.1, 0.2, 0.1] {
        assert_eq!(sent(&native, &with_id(value)).1["id"], "i");
    }
    assert_eq!(native.deliver(), 8);
    let (_, list) = ask(&native, "GET", "/api/v1/scores?limit=100");
    let found = list["data"]["scores"].as_array().unwrap();
    assert_eq!(found.len(), 8);
    for id in ids {
        assert_eq!(found.iter().filter(|score| score["id"] == id).count(), 1, "{id}");
    }
}

#[test]
fn a_batch_is_all_or_nothing_unless_it_is_to_be_lenient() {
    let native = Native::new();
    let bad = json!([least(), { "traceId": "t" }]);
    let (status, answer) = sent(&native, &bad);
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")));
    assert_eq!(answer["error"]["details"][0]["path"], "[1].evaluatorName");
    assert_eq!(answer["error"]["message"], "1 of 2 events is invalid");
    assert!(native.0.world.store.objects.borrow().is_empty());
    let lenient = post(&bad).header("prefer", "handling=lenient");
    let reply = native.serve(lenient).reply;
    let answer: Value = serde_json::from_str(reply.text()).unwrap();
    assert_eq!(
        (reply.status, &answer["accepted"], &answer["rejected"]),
        (201, &json!(1), &json!(1))
    );
    assert_eq!(answer["scores"].as_array().unwrap().len(), 1);
    assert_eq!(answer["errors"][0]["index"], 1);
    assert!(header(&reply, "preference-applied").is_some());
    let native = Native::new();
    native.0.handling.set(Handling::Lenient);
    assert_eq!(sent(&native, &json!([{}])).0, 400);
    assert_eq!(sent(&native, &json!({})).0, 400);
    assert_eq!(sent(&native, &least()).1["evaluatorName"], "e");
    let large = Sent::new("POST", "/api/v1/scores").bearer(KEY).body(vec![b' '; 1024 * 1024 + 1]);
    assert_eq!(native.serve(large).reply.status, 413);
    let text = post(&least()).header("content-type", "text/plain");
    assert_eq!(native.serve(text).reply.status, 415);
    assert_eq!(native.serve(Sent::new("POST", "/api/v1/scores").body("{}")).reply.status, 401);
}

#[test]
fn a_deletion_holds_at_once_and_is_kept_with_what_it_deletes() {
    let native = Native::new();
    let body = json!({ "id": "a/b", "traceId": "t", "evaluatorName": "e", "value": 0 });
    sent(&native, &body);
    assert_eq!(ask(&native, "DELETE", "/api/v1/scores/a%2Fb").0, 404);
    native.deliver();
    let (status, answer) = ask(&native, "DELETE", "/api/v1/scores/a%2Fb");
    assert_eq!(
        (status, answer),
        (200, json!({ "data": { "id": "a/b", "deleted": true }, "error": null }))
    );
    for method in ["GET", "DELETE"] {
        assert_eq!(ask(&native, method, "/api/v1/scores/a%2Fb").0, 404, "{method}");
    }
    let keys: Vec<_> = native.0.world.store.objects.borrow().keys().cloned().collect();
    assert!(keys.iter().any(|key| key.ends_with(DELETION.ending)), "{keys:?}");
    // The message that was queued all the same, and the score once more.
    sent(&native, &body);
    assert_eq!(native.deliver(), 2);
    assert_eq!(ask(&native, "GET", "/api/v1/scores/a%2Fb").0, 404);
    assert_eq!(ask(&native, "GET", "/api/v1/scores").1["data"]["scores"], json!([]));
    let nobody = Sent::new("DELETE", "/api/v1/scores/x");
    assert_eq!(native.serve(nobody).reply.status, 401);
    // Where R2 is away nothing is deleted.
    sent(&native, &json!({ "id": "c", "traceId": "t", "evaluatorName": "e", "value": 0 }));
    native.deliver();
    native.0.store_fails.set(true);
    assert_eq!(ask(&native, "DELETE", "/api/v1/scores/c").0, 503);
    assert_eq!(ask(&native, "GET", "/api/v1/scores/c").0, 200);
}

#[test]
fn traces_count_their_scores_in_lists_and_alone() {
    let native = Native::new();
    for n in 0..3 {
        let id = format!("s{n}");
        sent(&native, &json!({ "id": id, "traceId": "t", "evaluatorName": "e", "value": 0.1 }));
    }
    let trace =
        json!({ "batch": [{ "type": "trace-create", "body": { "id": "t", "name": "n" } }] });
    let traces = Sent::new("POST", "/api/v1/traces").bearer(KEY).body(trace.to_string());
    assert_eq!(native.serve(traces).reply.status, 201);
    native.deliver();
    assert_eq!(ask(&native, "DELETE", "/api/v1/scores/s1").0, 200);
    let (_, list) = ask(&native, "GET", "/api/v1/traces");
    assert_eq!(list["data"]["traces"][0]["scoreCount"], 2);
    let (_, detail) = ask(&native, "GET", "/api/v1/traces/t");
    assert_eq!(detail["data"]["scoreCount"], 2);
    let ids: Vec<_> =
        detail["data"]["scores"].as_array().unwrap().iter().map(|s| &s["id"]).collect();
    assert_eq!(ids, ["s2", "s0"]);
}
