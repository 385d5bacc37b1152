//! What LangSmith's clients are answered: before they send, when a run of theirs is bad, and
//! when something is wrong.

use serde_json::{Value, json};

use crate::common::PROJECT;
use crate::common::client::header;
use crate::common::platform::{KEY, Native, Sent};

#[test]
fn a_bad_run_costs_itself_alone() {
    let native = Native::new();
    let post = |path: &str, body: Value| {
        let sent = Sent::new("POST", path).header("x-api-key", KEY).body(body.to_string());
        native.serve(sent).reply
    };
    let good = json!({ "id": "a", "name": "kept", "run_type": "chain" });
    let reply = post("/runs/batch", json!({ "post": [{ "name": "no id" }, good], "patch": [7] }));
    assert_eq!(reply.status, 202);
    let said: Value = serde_json::from_str(reply.text()).unwrap();
    assert_eq!((&said["accepted"], &said["refused"]), (&json!(1), &json!(2)));
    let paths = [&said["details"][0]["path"], &said["details"][1]["path"]];
    assert_eq!(paths, ["patch[0]", "post[0].id"]);
    assert_eq!(native.deliver(), 1);
    assert_eq!(
        serde_json::from_str::<Value>(&native.0.world.get(PROJECT, "a")).unwrap()["name"],
        "kept"
    );
    // Where nothing is left to be kept it is said so.
    for (path, body) in [
        ("/runs/batch", json!({ "post": [{ "name": "no id" }] })),
        ("/runs", json!({ "name": "no id" })),
        ("/runs", json!([])),
        ("/feedback", json!({ "run_id": "a" })),
        ("/runs/batch", json!({ "runs": [] })),
    ] {
        let reply = post(path, body.clone());
        assert_eq!(reply.status, 400, "{body}");
        assert!(
            serde_json::from_str::<Value>(reply.text()).unwrap()["error"]["message"].is_string()
        );
    }
    assert_eq!(native.deliver(), 0);
}

#[test]
fn clients_are_told_to_send_json_before_they_have_a_key() {
    let native = Native::new();
    for path in ["/info", "/api/v1/info", "/api/v1/info/"] {
        let served = native.serve(Sent::new("GET", path));
        assert_eq!((served.reply.status, served.route), (200, "answer"));
        let info: Value = serde_json::from_str(served.reply.text()).unwrap();
        assert_eq!(info["batch_ingest_config"]["use_multipart_endpoint"], false);
        assert_eq!(header(&served.reply, "cache-control"), Some("public, max-age=3600"));
    }
    let wrong = Sent::new("POST", "/runs/batch").header("x-api-key", "lsv2_other").body("{}");
    let reply = native.serve(wrong).reply;
    assert_eq!(reply.status, 401);
    assert!(serde_json::from_str::<Value>(reply.text()).is_ok(), "{}", reply.text());
    for (method, path, status, allow) in [
        ("GET", "/runs/x", 405, Some("PATCH, OPTIONS")),
        ("POST", "/info", 405, Some("GET, HEAD, OPTIONS")),
        ("PATCH", "/runs/batch", 405, Some("POST, OPTIONS")),
        ("GET", "/api/v1/runs/x/y", 404, None),
    ] {
        let reply = native.serve(Sent::new(method, path).header("x-api-key", KEY)).reply;
        assert_eq!((reply.status, header(&reply, "allow")), (status, allow), "{path}");
    }
    native.0.store_fails.set(true);
    let batch = Sent::new("POST", "/runs/batch").header("x-api-key", KEY);
    let reply = native.serve(batch.body(r#"{"post":[{"id":"a"}]}"#)).reply;
    assert!(reply.status == 503 && header(&reply, "retry-after").is_some());
}
