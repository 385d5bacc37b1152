//! Bodies that no client sends, to whatever takes one: each is refused in words, as what it
//! is, and nothing of it is kept.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::common::platform::{KEY, Native, Sent};

const MULTIPART: &str = "multipart/form-data; boundary=b";

/// What takes a body, its content type, and a good body.
fn endpoints() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let json = "application/json";
    let run = r#"{"id":"r","name":"n","run_type":"llm","start_time":"2026-11-22T06:10:00Z"}"#;
    let part = |name: &str, json: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{json}\r\n")
    };
    let parts = part("post.r", run)
        + &part("post.r.inputs", r#"{"q":[1,"\u00e9"]}"#)
        + &part("feedback.f", r#"{"id":"f","run_id":"r","key":"k","score":1}"#)
        + "--b--\r\n";
    let all = [
        ("/api/public/ingestion", json, json!({ "batch": [
            { "id": "e", "type": "trace-create", "timestamp": "2026-11-22T06:10:00Z", "body": { "id": "t", "tags": ["a"] } },
            { "id": "g", "type": "generation-create", "body": { "id": "s", "traceId": "t", "usage": { "input": 3, "unit": "TOKENS" } } },
            { "id": "c", "type": "score-create", "body": { "traceId": "t", "name": "n", "value": 0.5, "dataType": "NUMERIC" } }] }).to_string()),
        ("/api/public/scores", json, json!({ "traceId": "t", "name": "n", "value": "good" }).to_string()),
        ("/runs/batch", json, format!(r#"{{"post":[{run}],"patch":[{{"id":"r","outputs":{{"a":1}}}}]}}"#)),
        ("/runs/multipart", MULTIPART, parts),
        ("/v1/traces/ingest", json, json!({ "data": [
            { "object": "trace", "id": "t", "workflow_name": "w" },
            { "object": "trace.span", "id": "s", "trace_id": "t", "started_at": "2026-11-22T06:10:00Z", "ended_at": "2026-11-22T06:10:01Z",
              "span_data": { "type": "generation", "usage": { "input_tokens": 1 } } }] }).to_string()),
        ("/v1/logs", json, json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{
            "traceId": "5b8aa5a2d2c872e8321cf37308d69df2", "spanId": "051581bf3cb55c13", "eventName": "gen_ai.user.message",
            "timeUnixNano": "1795551490932276000", "body": { "kvlistValue": { "values": [{ "key": "content", "value": { "stringValue": "hi" } }] } } }] }] }] }).to_string()),
        ("/api/v1/scores", json, json!([{ "traceId": "t", "name": "n", "value": 0.5, "metadata": { "a": [1] } }]).to_string()),
        ("/api/v1/validate", json, json!({ "output": "{\"a\":1}", "evaluators": [{ "type": "contains", "config": { "value": "a" } }] }).to_string()),
        ("/api/v1/route-model", json, json!({ "input": "hello" }).to_string()),
    ];
    all.map(|(path, content_type, body)| (path, content_type, body.into_bytes())).into()
}

fn sent(path: &'static str, content_type: &str, body: Vec<u8>) -> Sent {
    let sent = Sent::new("POST", path).bearer(KEY);
    sent.header("content-type", content_type).body(body)
}

/// What is wrong with how a body is answered, if anything is: whatever it is, it is neither a
/// fault nor kept where it is refused, and what is kept can be written.
fn complaint(path: &'static str, content_type: &str, body: &[u8]) -> Option<String> {
    let native = Native::new();
    let served = catch_unwind(AssertUnwindSafe(|| {
        let status = native.serve(sent(path, content_type, body.to_vec())).reply.status;
        let kept = native.0.world.store.objects.borrow().len();
        (status, kept, native.deliver())
    }));
    let shown = || String::from_utf8_lossy(body).into_owned();
    match served {
        Err(_) => Some(format!("{path} panics at {}", shown())),
        Ok((status, kept, delivered)) => {
            let right = kept == delivered && (status < 300 || status < 500 && kept == 0);
            (!right).then(|| format!("{path}: {status}, keeps {kept} of {}", shown()))
        }
    }
}

#[test]
fn what_is_cut_off_or_changed_is_a_fault_nowhere_and_half_of_it_is_kept_nowhere() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let pieces: [&[u8]; 12] = [
        b"\"",
        b"{",
        b"]",
        b"null",
        b"-1e999",
        b"\\ud800",
        b"\xff",
        b"\r\n",
        b"--b",
        b"--b--",
        b"\0",
        b"9999999999999999999",
    ];
    for (path, content_type, good) in endpoints() {
        assert_eq!(complaint(path, content_type, &good), None);
        for cut in 0..good.len() {
            assert_eq!(complaint(path, content_type, &good[..cut]), None);
        }
        for _ in 0..150 {
            let mut body = good.clone();
            for _ in 0..=random(3) {
                let from = random(body.len());
                let to = (from + random(8)).min(body.len());
                body.splice(from..to, pieces[random(pieces.len())].iter().copied());
            }
            assert_eq!(complaint(path, content_type, &body), None);
        }
    }
}

#[test]
fn a_multipart_body_of_too_many_parts_or_of_long_names_is_refused_or_read_at_once() {
    let native = Native::new();
    let post =
        |body: String| native.serve(sent("/runs/multipart", MULTIPART, body.into_bytes())).reply;
    let empty = "--b\r\n\r\n\r\n".repeat(1_000_000) + "--b--";
    assert_eq!(post(empty).status, 413);
    // Runs whose ids differ in their last letters, each of which has fields later on.
    let name = |n: usize| format!("post.{}{n:04}", "x".repeat(1_000));
    let part = |name: &str, json: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{json}\r\n")
    };
    let mut body = String::new();
    for n in 0..1_000 {
        body += &part(&name(n), &format!(r#"{{"id":"r{n}","name":"n"}}"#));
    }
    for n in 0..9_000 {
        body += &part(&format!("{}.extra", name(n % 1_000)), "{}");
    }
    assert_eq!(post(body + "--b--\r\n").status, 202);
}

#[test]
fn compression_in_compression_and_boundaries_that_are_not_there_are_refused() {
    let native = Native::new();
    let (path, _, good) = endpoints().remove(3);
    let text = String::from_utf8(good).unwrap();
    for (body, said) in [
        (text.replace("--b--\r\n", ""), "boundary"),
        (text.replace("--b--\r\n", "--c--\r\n"), "boundary"),
        (text.replacen("--b\r\n", "", 1), "boundary"),
        (text.replacen("--b\r\n", "--b\n", 1), "boundary"),
    ] {
        let reply = native.serve(sent(path, MULTIPART, body.clone().into_bytes())).reply;
        assert!(reply.status == 400 && reply.text().contains(said), "{} {body}", reply.text());
    }
    for encoding in ["gzip, gzip", "gzip,zstd", "br"] {
        let twice = sent(path, MULTIPART, text.clone().into_bytes());
        let reply = native.serve(twice.header("content-encoding", encoding)).reply;
        assert_eq!(reply.status, 415, "{encoding}");
    }
    assert!(native.0.world.store.objects.borrow().is_empty());
}
