//! What Langfuse's SDKs ask, over whole requests: every answer is JSON in their words.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use edgespan::reply::Reply;
use serde_json::{Value, json};

use crate::common::platform::{KEY, Native, Sent};

fn basic(secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("pk-lf-anything:{secret}")))
}

fn asked(method: &'static str, path: &str) -> Sent {
    Sent::new(method, path).header("authorization", basic(KEY)).header("accept", "text/html")
}

fn read(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("no JSON: {}", reply.text()))
}

fn post(path: &str, body: &Value) -> Sent {
    asked("POST", path).header("content-type", "application/json").body(body.to_string())
}

#[test]
fn a_key_says_which_project_it_is_of() {
    let native = Native::new();
    let served = native.serve(asked("GET", "/api/public/projects"));
    assert_eq!((served.reply.status, served.route), (200, "langfuse"));
    let project = json!({ "id": "p1", "name": "shop" });
    let expected = json!({ "data": [{ "id": "p1", "name": "shop", "organization": project, "metadata": {} }] });
    assert_eq!(read(&served.reply), expected);
    let wrong = Sent::new("GET", "/api/public/projects").header("authorization", basic("ts_other"));
    let refused = native.serve(wrong).reply;
    assert_eq!((refused.status, &read(&refused)["error"]), (401, &json!("UNAUTHORIZED")));
    let none = native.serve(Sent::new("GET", "/api/public/projects")).reply;
    assert_eq!((none.status, read(&none)["message"].is_string()), (401, true));
    let theirs = Sent::new("GET", "/api/public/projects").header("authorization", basic("sk-lf-1"));
    let refused = read(&native.serve(theirs).reply);
    assert!(refused["message"].as_str().unwrap().contains("LANGFUSE_SECRET_KEY"), "{refused}");
    native.0.limited.set(true);
    let limited = native.serve(asked("GET", "/api/public/projects")).reply;
    assert_eq!((limited.status, &read(&limited)["error"]), (429, &json!("RATE_LIMIT_EXCEEDED")));
}

#[test]
fn health_and_what_is_not_kept_need_no_key_and_no_service() {
    let native = Native::new();
    let health = native.serve(Sent::new("GET", "/api/public/health")).reply;
    assert_eq!((health.status, &read(&health)["status"]), (200, &json!("OK")));
    for (method, path) in [
        ("GET", "/api/public/v2/prompts/greeting"),
        ("POST", "/api/public/media"),
        ("GET", "/api/public/datasets"),
        ("POST", "/api/public/dataset-items"),
        ("GET", "/api/public/comments"),
        ("GET", "/api/public/models"),
        ("PATCH", "/api/public/media/x"),
        ("GET", "/api/public"),
        ("GET", "/api/public/"),
    ] {
        let sent = Sent::new(method, path).header("accept", "text/html");
        let served = native.serve(sent);
        assert_eq!((served.reply.status, served.reply.page), (404, false), "{method} {path}");
        assert_eq!(read(&served.reply)["error"], "NOT_FOUND", "{method} {path}");
    }
    assert_eq!(native.serve(Sent::new("OPTIONS", "/api/public/media")).reply.status, 204);
}

#[test]
fn every_answer_to_a_batch_is_json() {
    let native = Native::new();
    let batch = |events: Value| post("/api/public/ingestion", &json!({ "batch": events }));
    let good = json!({ "id": "e1", "type": "trace-create", "body": { "id": "t" } });
    let mixed = native.serve(batch(json!([good, { "id": "e2" }])));
    assert_eq!((mixed.reply.status, mixed.noted.events), (207, Some(1)));
    assert_eq!(read(&mixed.reply)["errors"][0]["id"], "e2");
    // Kept, whatever the project wants of bad events.
    assert_eq!(native.deliver(), 1);
    let nothing = native.serve(batch(json!([]))).reply;
    assert_eq!(read(&nothing), json!({ "successes": [], "errors": [] }));
    assert_eq!(native.deliver(), 0);
    let body = || json!({ "batch": [good] }).to_string();
    for (sent, status) in [
        (asked("POST", "/api/public/ingestion").body("nonsense"), 400),
        (asked("POST", "/api/public/ingestion").body("{}"), 400),
        (asked("POST", "/api/public/ingestion").body(vec![b' '; 5 * 1024 * 1024 + 1]), 413),
        (Sent::new("POST", "/api/public/ingestion").body(body()), 401),
        (asked("GET", "/api/public/ingestion"), 405),
        (asked("GET", "/api/public/scores/x"), 404),
    ] {
        let reply = native.serve(sent).reply;
        assert_eq!(reply.status, status);
        assert!(read(&reply).is_object());
    }
    // No content type is refused: what is refused is lost.
    let plain = asked("POST", "/api/public/ingestion").header("content-type", "text/plain");
    assert_eq!(native.serve(plain.body(body())).reply.status, 207);
    native.0.store_fails.set(true);
    let down = native.serve(batch(json!([good]))).reply;
    assert_eq!((down.status, &read(&down)["error"]), (503, &json!("UNAVAILABLE")));
}

#[test]
fn a_score_by_itself_is_kept_as_an_event() {
    let native = Native::new();
    let score = json!({ "id": "s1", "traceId": "t", "name": "q", "value": 1 });
    let reply = native.serve(post("/api/public/scores", &score)).reply;
    assert_eq!((reply.status, read(&reply)), (200, json!({ "id": "s1" })));
    assert_eq!(native.deliver(), 1);
    let bad = native.serve(post("/api/public/scores", &json!({ "name": "q" }))).reply;
    assert_eq!((bad.status, &read(&bad)["error"]), (400, &json!("VALIDATION_ERROR")));
    let paths: Vec<_> =
        read(&bad)["details"].as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
    assert_eq!(paths, ["traceId", "value"]);
}
