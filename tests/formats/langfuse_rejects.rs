//! Langfuse's bad events, each of which costs itself alone, what condemns a whole batch, and
//! how clients are told.

use edgespan::error::{Error, Reject};
use edgespan::formats::decoded::Receipt;
use edgespan::formats::langfuse::BATCH;
use edgespan::limits::{MAX_BODY_BYTES, MAX_DEPTH, MAX_DETAILS, MAX_EVENTS};
use edgespan::model::Body;
use edgespan::reply::Reply;
use serde_json::{Value, json};

use crate::common::client::header;
use crate::langfuse_events::{AT, batch, check, event};

fn answer(body: &str) -> Value {
    serde_json::from_str(&check(body).unwrap().answer.unwrap()).unwrap()
}

#[test]
fn a_bad_event_is_named_and_costs_no_other() {
    let id = "x".repeat(257);
    for (bad, message) in [
        (json!(5), "batch[1]: expected an object, found a number"),
        (json!({ "id": "e", "type": "trace-create" }), "batch[1].body: required"),
        (
            json!({ "id": "e", "type": "trace-create", "body": [] }),
            "batch[1].body: expected an object, found an array",
        ),
        (json!({ "id": "e", "body": {} }), "batch[1].type: required"),
        (
            event("trace-delete", &json!({})),
            "batch[1].type: expected one of trace-create, span-create, span-update, \
            generation-create, generation-update, event-create, score-create, sdk-log, found \"trace-delete\"",
        ),
        (json!({ "type": "trace-create", "body": { "id": "t" } }), "batch[1].id: required"),
        (
            json!({ "id": 7, "type": "sdk-log", "body": {} }),
            "batch[1].id: expected a string, found a number",
        ),
        (
            json!({ "id": "e", "type": "trace-create", "timestamp": "now", "body": {} }),
            "batch[1].timestamp: expected an ISO 8601 date and time such as 2026-03-14T10:00:00.000Z, found \"now\"",
        ),
        (
            event("span-create", &json!({ "id": "s", "level": "FATAL" })),
            "batch[1].body.level: expected one of DEFAULT, DEBUG, WARNING, ERROR, found \"FATAL\"",
        ),
        (
            event("span-create", &json!({ "id": id })),
            "batch[1].body.id: expected at most 256 bytes, found 257",
        ),
        (
            event("span-create", &json!({ "id": ".." })),
            "batch[1].body.id: expected an id other than . and .., which no URL can end in, found \"..\"",
        ),
        (
            event("trace-create", &json!({ "id": "t", "tags": "a" })),
            "batch[1].body.tags: expected an array of strings, found a string",
        ),
        (
            event("trace-create", &json!({ "id": "t", "tags": [1], "name": 5 })),
            "batch[1].body.name: expected a string, found a number; \
             batch[1].body.tags: expected an array of strings with nothing else in it, found a number",
        ),
        (
            event("generation-create", &json!({ "id": "s", "usage": { "input": -1 } })),
            "batch[1].body.usage: expected integers from 0 to 1000000000000, found -1",
        ),
        (
            event("generation-create", &json!({ "id": "s", "usage": 5 })),
            "batch[1].body.usage: expected an object, found a number",
        ),
        (
            event("generation-create", &json!({ "id": "s", "costDetails": { "total": 1e7 } })),
            "batch[1].body.costDetails: expected dollars from -1000000 to 1000000, found 10000000.0",
        ),
        (
            event("observation-create", &json!({ "id": "s", "type": "DREAM" })),
            "batch[1].body.type: expected one of \
            SPAN, GENERATION, EVENT, AGENT, TOOL, CHAIN, RETRIEVER, EMBEDDING, GUARDRAIL, EVALUATOR, found \"DREAM\"",
        ),
        (event("observation-create", &json!({ "id": "s" })), "batch[1].body.type: required"),
        (
            event(
                "score-create",
                &json!({ "traceId": "t", "name": "q", "value": "x", "dataType": "NUMERIC" }),
            ),
            "batch[1].body.value: expected a number, found a string",
        ),
        (
            event(
                "score-create",
                &json!({ "traceId": "t", "name": "q", "value": 2, "dataType": "BOOLEAN" }),
            ),
            "batch[1].body.value: expected 0 or 1, found 2",
        ),
        (
            event("score-create", &json!({ "value": 1 })),
            "batch[1].body.name: required; batch[1].body.traceId: required, or a sessionId",
        ),
    ] {
        let good = |id: &str| json!({ "id": id, "type": "trace-create", "body": { "id": "t" } });
        let body = batch(&[good("a"), bad.clone(), good("b")]);
        let found = answer(&body);
        let kept = json!([{ "id": "a", "status": 201 }, { "id": "b", "status": 201 }]);
        assert_eq!(found["successes"], kept);
        let [error] = &found["errors"].as_array().unwrap()[..] else { panic!("{found}") };
        let id = bad.get("id").filter(|id| id.is_string()).cloned().unwrap_or("".into());
        assert_eq!((&error["id"], &error["status"]), (&id, &json!(400)));
        assert_eq!(error["message"], message);
        let decoded = check(&body).unwrap();
        assert_eq!((decoded.events, decoded.accepted, decoded.invalid), (3, 2, 1));
        let indexes: Vec<_> =
            (BATCH.decode)(body.as_bytes()).unwrap().iter().map(|event| event.index).collect();
        assert_eq!(indexes, [0, 2]);
    }
}

#[test]
fn what_an_sdk_logs_is_a_success_and_no_event() {
    let log =
        json!({ "id": "l", "type": "sdk-log", "timestamp": AT, "body": { "log": { "x": 1 } } });
    let body = batch(&[log]);
    assert_eq!(answer(&body), json!({ "successes": [{ "id": "l", "status": 201 }], "errors": [] }));
    let decoded = check(&body).unwrap();
    assert_eq!((decoded.events, decoded.accepted, decoded.invalid), (1, 0, 0));
    assert!((BATCH.decode)(body.as_bytes()).unwrap().is_empty());
}

#[test]
fn fields_may_come_in_any_order_be_null_or_be_given_twice() {
    let body = r#"{"metadata":{"x":[]},"batch":[{"body":{"id":"no"},"timestamp":null,
        "body":{"n\u0061me":"old","name":null,"id":"t","name":"new"},"type":"trace-create","id":"e"}]}"#;
    let events = (BATCH.decode)(body.as_bytes()).unwrap();
    let Body::Trace(trace) = &events[0].body else { panic!() };
    assert_eq!((&*trace.id, trace.name.as_deref()), ("t", Some("new")));
    assert_eq!(events[0].timestamp, None);
}

#[test]
fn what_is_no_batch_is_refused_whole() {
    let deep = format!("{{\"batch\":[],\"x\":{}{}}}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    for (body, message) in [
        ("", "malformed JSON at byte 0 (line 1, column 1): the body ends too early"),
        (
            "{\"batch\":[{]}",
            "malformed JSON at byte 11 (line 1, column 12): expected a key in double quotes",
        ),
        (
            "{\"batch\":[]} x",
            "malformed JSON at byte 13 (line 1, column 14): expected nothing more after the body's object",
        ),
        ("[]", "expected an object with a `batch`, found an array"),
        ("{}", "batch: required"),
        ("{\"batch\":null}", "batch: required"),
        ("{\"batch\":{}}", "batch: expected an array, found an object"),
        ("{\"batch\":[],\"batch\":[]}", "batch: given twice"),
        (&deep, "malformed JSON at byte 527 (line 1, column 528): nested deeper than 512 levels"),
    ] {
        let Err(reject) = check(body) else { panic!("{body}") };
        assert_eq!(reject.to_string(), message, "{body}");
        let reply = (BATCH.rejected)(&Error::Reject(reject), "req-1");
        let said: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, &said["message"]), (400, &json!(message)));
    }
    let Err(reject) = (BATCH.check)(b"{\"batch\":[],\"x\":\"\xff\"}") else { panic!() };
    assert_eq!(reject.to_string(), "the body is not UTF-8: byte 17 does not belong there");
}

#[test]
fn a_batch_is_bounded_in_events_bytes_and_what_is_said_of_it() {
    let log = r#"{"id":"l","type":"sdk-log","body":{}}"#;
    let most = |events: usize| format!("{{\"batch\":[{}]}}", vec![log; events].join(","));
    assert_eq!(check(&most(MAX_EVENTS)).unwrap().events, MAX_EVENTS);
    assert!(matches!(check(&most(MAX_EVENTS + 1)), Err(Reject::TooLarge(_))));
    let padded = format!("{{\"batch\":[]}}{}", " ".repeat(MAX_BODY_BYTES));
    assert!(matches!(check(&padded), Err(Reject::TooLarge(_))));
    let bad = json!({ "id": "x".repeat(2_000), "type": 1, "timestamp": 1, "body": 1 });
    let decoded = check(&batch(&vec![bad; MAX_EVENTS])).unwrap();
    assert_eq!((decoded.details.len(), decoded.invalid), (MAX_DETAILS, MAX_EVENTS));
    assert!(decoded.answer.unwrap().len() < 512 * MAX_EVENTS);
}

#[test]
fn every_answer_is_json() {
    let receipt = |answer: &str| Receipt {
        events: 0,
        refused: Some((0, Vec::new())),
        lenient: false,
        answer: Some(answer.to_owned()),
        kept: None,
    };
    let Reply { status, body, .. } =
        (BATCH.accepted)(&receipt("{\"successes\":[],\"errors\":[]}"), "");
    assert_eq!((status, &*body), (207, &b"{\"successes\":[],\"errors\":[]}"[..]));
    let refused = Error::Reject(Reject::RateLimited { limit: 1, window_s: 10 });
    let reply = (BATCH.rejected)(&refused, "req-1");
    assert_eq!(reply.status, 429);
    assert!(header(&reply, "retry-after").is_some());
    let said: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(said["error"], "RATE_LIMIT_EXCEEDED");
}
