//! What was used, by month: of the key's project, and of all for the operator.

use edgespan::access::scope::Scopes;
use edgespan::formats::FORMATS;
use serde_json::{Value, json};

use crate::common::client::header;
use crate::common::platform::{KEY, Native, Sent};
use crate::common::{PROJECT, RECEIVED, body};

fn ask(native: &Native, path: &str, key: &str) -> (u16, Value) {
    native.ask_as(key, "GET", path, &Value::Null)
}

/// A deployment whose project has two traces with three spans this month, and in which
/// another has more.
fn used() -> Native {
    let native = Native::with_projects(Scopes::DEFAULT);
    let span = |trace: &str, id: &str| {
        format!(
            r#"{{"type":"span-create","body":{{"traceId":"{trace}","id":"{id}","name":"n","type":"LLM"}}}}"#
        )
    };
    let world = &native.0.world;
    world.deliver(PROJECT, &body(&[span("t", "a"), span("t", "b"), span("u", "a")]));
    world.deliver("p2", &body(&[span("t", "a")]));
    let of_before = "
        insert into stat (project, hour_ms, traces, spans, eval_runs) values
          ('p1', unixepoch('2026-10-31 23:00:00') * 1000, 5, 6, 7),
          ('p1', unixepoch('2026-10-01 00:00:00') * 1000, 1, 1, 1),
          ('p1', unixepoch('2026-09-30 23:00:00') * 1000, -1, -1, 0),
          ('p2', unixepoch('2026-10-01 00:00:00') * 1000, 9, 9, 9)";
    native.execute(of_before);
    native
}

fn month(month: &str, counts: [u64; 3]) -> Value {
    let [traces, spans, runs] = counts;
    json!({ "month": month, "traceCount": traces, "spanCount": spans, "evalRunCount": runs,
        "projectBreakdown":
            [{ "projectId": "p1", "traceCount": traces, "spanCount": spans, "evalRunCount": runs }] })
}

#[test]
fn a_key_is_told_of_its_project_and_of_no_other() {
    let native = used();
    let expect = |path, data: Value| {
        assert_eq!(
            ask(&native, path, KEY),
            (200, json!({ "data": data, "error": null })),
            "{path}"
        );
    };
    expect("/api/v1/usage", month("2026-11", [2, 3, 0]));
    expect("/api/v1/usage?month=2026-11", month("2026-11", [2, 3, 0]));
    expect("/api/v1/usage?month=2026-10", month("2026-10", [6, 7, 8]));
    expect("/api/v1/usage?month=2026-09", month("2026-09", [0, 0, 0]));
    expect("/api/v1/usage?month=2027-01", month("2027-01", [0, 0, 0]));
    let three = json!([
        month("2026-11", [2, 3, 0]),
        month("2026-10", [6, 7, 8]),
        month("2026-09", [0, 0, 0]),
    ]);
    expect("/api/v1/usage/history?months=3", three);
    for (path, months, last) in [
        ("/api/v1/usage/history", 12, "2025-12"),
        ("/api/v1/usage/history?months=24", 24, "2024-12"),
        ("/api/v1/usage/history?months=1", 1, "2026-11"),
    ] {
        let (_, answer) = ask(&native, path, KEY);
        let list = answer["data"].as_array().unwrap();
        assert_eq!((list.len(), &list[months - 1]["month"]), (months, &json!(last)));
    }
}

#[test]
fn who_may_do_everything_in_a_project_is_told_of_no_other_either() {
    let native = used();
    native.0.scopes.set(Scopes::parse("admin").unwrap());
    let (_, answer) = ask(&native, "/api/v1/usage", KEY);
    assert_eq!(answer["data"], month("2026-11", [2, 3, 0]));
    // Of another isolate, which has not seen the key yet.
    let native = Native::with_scopes("ingest");
    assert_eq!(ask(&native, "/api/v1/usage", KEY).0, 403);
    assert_eq!(ask(&native, "/api/v1/usage/history", KEY).0, 403);
}

#[test]
fn the_operator_is_told_of_all() {
    let native = used();
    let (status, answer) = ask(&native, "/api/v1/admin/usage?month=2026-10", "secret");
    let data = json!({ "month": "2026-10", "traceCount": 15, "spanCount": 16, "evalRunCount": 17,
        "projectBreakdown": [
            { "projectId": "p1", "traceCount": 6, "spanCount": 7, "evalRunCount": 8 },
            { "projectId": "p2", "traceCount": 9, "spanCount": 9, "evalRunCount": 9 },
        ] });
    assert_eq!((status, &answer["data"]), (200, &data));
    let (_, answer) = ask(&native, "/api/v1/admin/usage/history?months=2", "secret");
    assert_eq!((&answer["data"][0]["traceCount"], &answer["data"][1]), (&json!(3), &data));
    for path in ["/api/v1/admin/usage", "/api/v1/admin/usage/history"] {
        assert_eq!(ask(&native, path, KEY).0, 401, "{path}");
    }
}

#[test]
fn what_is_no_month_is_refused() {
    let native = used();
    for (path, message) in [
        ("/api/v1/usage?month=2026-13", "month: expected YYYY-MM"),
        ("/api/v1/usage?month=november", "month: expected YYYY-MM"),
        ("/api/v1/usage/history?months=0", "months: expected a whole number from 1 to 24"),
        ("/api/v1/usage/history?months=25", "months: expected a whole number from 1 to 24"),
        ("/api/v1/usage/history?months=two", "months: expected a whole number from 1 to 24"),
    ] {
        let (status, answer) = ask(&native, path, KEY);
        assert_eq!((status, &answer["error"]["message"]), (400, &json!(message)), "{path}");
    }
}

#[test]
fn batches_over_the_limit_are_refused_in_every_formats_words() {
    let native = Native::new();
    // Two seconds and a bit from now.
    native.0.blocked_until.set(Some(RECEIVED + 2_001));
    let types = ["application/json", "application/x-protobuf", "multipart/form-data; boundary=b"];
    for format in FORMATS.0 {
        let content_type = types.into_iter().find(|known| (format.accepts)(Some(known))).unwrap();
        let place = if format.ending.contains("langfuse") { "/error" } else { "/error/code" };
        for path in format.paths {
            let (method, path) = path.split_once(' ').unwrap_or(("POST", path));
            let path = path.replace('*', "019b0000-0000-7000-8000-000000000001");
            let send = || {
                let sent = Sent::new(method, &path).bearer(KEY);
                native.serve(sent.header("content-type", content_type).body("{}")).reply
            };
            native.0.blocks.set(false);
            assert_ne!(send().status, 429, "{path}");
            // Some format takes it for a batch.
            native.0.world.store.objects.borrow_mut().clear();
            native.0.blocks.set(true);
            let reply = send();
            assert_eq!((reply.status, header(&reply, "retry-after")), (429, Some("3")), "{path}");
            // What is no JSON has the message alone.
            if content_type != "application/x-protobuf" {
                let answer: Value = serde_json::from_str(reply.text()).unwrap();
                let code = answer.pointer(place);
                assert_eq!(code, Some(&json!("QUOTA_EXCEEDED")), "{path}: {answer}");
            }
        }
    }
    assert!(native.0.world.store.objects.borrow().is_empty());
    // What is kept already can be read.
    assert_eq!(ask(&native, "/api/v1/traces", KEY).0, 200);
    let native = Native::new();
    native.0.blocks.set(true);
    native.0.blocked_until.set(Some(RECEIVED));
    let post = Sent::new("POST", "/api/v1/traces").bearer(KEY).body("{}");
    assert_eq!(native.serve(post).reply.status, 400, "the month is over");
}
