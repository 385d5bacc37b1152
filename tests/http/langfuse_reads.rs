//! Langfuse's reads, over whole requests: the shape that its SDKs parse, and what of their
//! questions the index can answer.

use edgespan::reply::Reply;
use serde_json::{Value, json};

use crate::common::platform::{KEY, Native, Sent};

fn get(native: &Native, path: &str) -> (u16, Value) {
    let Reply { status, body, .. } = native.serve(Sent::new("GET", path).bearer(KEY)).reply;
    (status, serde_json::from_slice(&body).unwrap())
}

/// Three traces, a second apart: `t0` is the oldest.
fn filled() -> Native {
    let native = Native::new();
    let mut events = Vec::new();
    for n in 0..3 {
        let at = |ms: u32| format!("2026-11-22T06:10:0{n}.{ms:03}Z");
        let mut event = |kind: &str, body: Value| {
            let id = format!("e{}", events.len());
            events.push(json!({ "id": id, "type": kind, "timestamp": at(0), "body": body }));
        };
        let trace = format!("t{n}");
        event(
            "trace-create",
            json!({ "id": trace, "timestamp": at(0), "name": "agent", "userId": format!("u{n}"),
            "sessionId": "s", "tags": ["all", trace], "metadata": { "n": n }, "input": { "q": "\u{e9}" }, "output": [n] }),
        );
        event(
            "span-create",
            json!({ "id": "outer", "traceId": trace, "name": "outer", "startTime": at(100), "endTime": at(900) }),
        );
        event(
            "generation-create",
            json!({ "id": "gen", "traceId": trace, "parentObservationId": "outer", "name": "chat",
            "startTime": at(200), "endTime": at(700), "model": "gpt", "modelParameters": { "temperature": "0.2", "format": { "type": "json" } },
            "input": "in", "output": "out", "metadata": { "m": 1 }, "costDetails": { "total": 0.25 },
            "usageDetails": { "input": 10, "output": 5, "cache_read_input_tokens": 2 } }),
        );
        event(
            "event-create",
            json!({ "id": "ev", "traceId": trace, "parentObservationId": "outer", "name": "hit",
            "startTime": at(300), "level": "ERROR", "statusMessage": "broke" }),
        );
    }
    let named = json!({ "id": "x", "type": "trace-create", "timestamp": "2026-11-22T06:09:00Z",
        "body": { "id": "a/b", "name": "agents", "timestamp": "2026-11-22T06:09:00Z" } });
    events.push(named);
    let sent = Sent::new("POST", "/api/public/ingestion").bearer(KEY);
    assert_eq!(native.serve(sent.body(json!({ "batch": events }).to_string())).reply.status, 207);
    assert_eq!(native.deliver(), 1);
    native
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn a_trace_is_what_langfuse_would_say_of_it() {
    let native = filled();
    let (status, trace) = get(&native, "/api/public/traces/t1");
    assert_eq!(status, 200);
    for (field, expected) in [
        ("id", json!("t1")),
        ("timestamp", json!("2026-11-22T06:10:01.000Z")),
        ("name", json!("agent")),
        ("userId", json!("u1")),
        ("sessionId", json!("s")),
        ("tags", json!(["all", "t1"])),
        ("metadata", json!({ "n": 1 })),
        ("input", json!({ "q": "\u{e9}" })),
        ("output", json!([1])),
        ("latency", json!(0.9)),
        ("totalCost", json!(0.25)),
        ("htmlPath", json!("/traces/t1")),
        ("public", json!(false)),
        ("scores", json!([])),
    ] {
        assert_eq!(trace[field], expected, "{field}");
    }
    let observations = trace["observations"].as_array().unwrap();
    assert_eq!(observations.len(), 3);
    let call = &observations[1];
    for (field, expected) in [
        ("id", json!("gen")),
        ("traceId", json!("t1")),
        ("parentObservationId", json!("outer")),
        ("type", json!("GENERATION")),
        ("name", json!("chat")),
        ("model", json!("gpt")),
        ("modelParameters", json!({ "temperature": "0.2", "format": "{\"type\":\"json\"}" })),
        ("startTime", json!("2026-11-22T06:10:01.200Z")),
        ("endTime", json!("2026-11-22T06:10:01.700Z")),
        ("latency", json!(0.5)),
        ("input", json!("in")),
        ("output", json!("out")),
        ("metadata", json!({ "m": 1 })),
        ("level", json!("DEFAULT")),
        ("usage", json!({ "input": 12, "output": 5, "total": 17, "unit": "TOKENS" })),
        (
            "usageDetails",
            json!({ "input": 12, "output": 5, "total": 17, "input_cached_tokens": 2 }),
        ),
        ("costDetails", json!({ "total": 0.25 })),
    ] {
        assert_eq!(call[field], expected, "{field}");
    }
    let failed = &observations[2];
    assert_eq!((&failed["type"], &failed["level"]), (&json!("EVENT"), &json!("ERROR")));
    assert_eq!(failed["statusMessage"], "broke");
    assert_eq!(observations[0]["type"], "SPAN");
    assert_eq!(get(&native, "/api/public/traces/a%2Fb").1["htmlPath"], "/traces/a%2Fb");
    let (status, none) = get(&native, "/api/public/traces/none");
    assert_eq!((status, &none["error"]), (404, &json!("NOT_FOUND")));
}

#[test]
fn lists_of_traces_are_filtered_and_come_in_pages() {
    let native = filled();
    for (query, expected) in [
        ("", vec!["t2", "t1", "t0", "a/b"]),
        ("?name=agent", vec!["t2", "t1", "t0"]),
        ("?name=agen", vec![]),
        ("?userId=u1", vec!["t1"]),
        ("?sessionId=s&limit=2", vec!["t2", "t1"]),
        ("?sessionId=s&limit=2&page=2", vec!["t0"]),
        ("?sessionId=none", vec![]),
        ("?tags=all&tags=t1", vec!["t1"]),
        ("?fromTimestamp=2026-11-22T06:10:01Z", vec!["t2", "t1"]),
        ("?toTimestamp=2026-11-22T06:10:01Z", vec!["t0", "a/b"]),
        ("?orderBy=timestamp.desc&fields=core", vec!["t2", "t1", "t0", "a/b"]),
        ("?page=9", vec![]),
    ] {
        let (status, list) = get(&native, &format!("/api/public/traces{query}"));
        assert_eq!((status, ids(&list)), (200, expected), "{query}");
    }
    let meta = |query: &str| get(&native, &format!("/api/public/traces{query}")).1["meta"].clone();
    assert_eq!(
        meta("?limit=3"),
        json!({ "page": 1, "limit": 3, "totalItems": 4, "totalPages": 2 })
    );
    assert_eq!(
        meta("?limit=3&page=2"),
        json!({ "page": 2, "limit": 3, "totalItems": 4, "totalPages": 2 })
    );
    let (_, list) = get(&native, "/api/public/traces?limit=1");
    assert_eq!(
        (&list["data"][0]["metadata"], &list["data"][0]["totalCost"]),
        (&json!({ "n": 2 }), &json!(0.25))
    );
    for (query, path) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("page=0", "page"),
        ("page=42", "page"),
        ("orderBy=name.asc", "orderBy"),
        ("environment=production", "environment"),
        ("fromTimestamp=yesterday", "fromTimestamp"),
    ] {
        let (status, refused) = get(&native, &format!("/api/public/traces?{query}"));
        assert_eq!((status, &refused["details"][0]["path"]), (400, &json!(path)), "{query}");
    }
}

#[test]
fn observations_are_found_by_their_trace() {
    let native = filled();
    for (query, expected) in [
        ("", vec!["ev", "gen", "outer"]),
        ("&type=GENERATION", vec!["gen"]),
        ("&name=hit", vec!["ev"]),
        ("&level=ERROR", vec!["ev"]),
        ("&parentObservationId=outer", vec!["ev", "gen"]),
        ("&userId=u1", vec!["ev", "gen", "outer"]),
        ("&userId=u2", vec![]),
        (
            "&fromStartTime=2026-11-22T06:10:01.200Z&toStartTime=2026-11-22T06:10:01.300Z",
            vec!["gen"],
        ),
        ("&limit=2&page=2", vec!["outer"]),
    ] {
        let (status, list) = get(&native, &format!("/api/public/observations?traceId=t1{query}"));
        assert_eq!((status, ids(&list)), (200, expected), "{query}");
    }
    let (_, list) = get(&native, "/api/public/observations?traceId=t1&limit=2");
    assert_eq!(list["meta"], json!({ "page": 1, "limit": 2, "totalItems": 3, "totalPages": 2 }));
    assert_eq!(ids(&get(&native, "/api/public/observations?traceId=none").1), Vec::<&str>::new());
    let (status, refused) = get(&native, "/api/public/observations");
    assert_eq!((status, &refused["details"][0]["path"]), (400, &json!("traceId")));
    let (status, one) = get(&native, "/api/public/observations/gen?traceId=t1");
    assert_eq!((status, &one["id"], &one["model"]), (200, &json!("gen"), &json!("gpt")));
    for path in ["gen", "gen?traceId=none", "none?traceId=t1"] {
        assert_eq!(get(&native, &format!("/api/public/observations/{path}")).0, 404, "{path}");
    }
}

/// Scores of `t1`, each a second after the one before it, and two that are of no trace.
fn scored() -> Native {
    let native = filled();
    let scores = [
        json!({ "id": "number", "traceId": "t1", "name": "quality", "value": 0.25, "comment": "poor" }),
        json!({ "id": "true", "traceId": "t1", "observationId": "gen", "name": "thumbs", "value": 1, "dataType": "BOOLEAN" }),
        json!({ "id": "false", "traceId": "t1", "name": "thumbs", "value": 0, "dataType": "BOOLEAN" }),
        json!({ "id": "text", "traceId": "t1", "name": "label", "value": "good" }),
        json!({ "id": "other", "traceId": "t2", "name": "quality", "value": 0.75 }),
        json!({ "id": "session", "sessionId": "s", "name": "quality", "value": 1 }),
    ];
    let event = |(n, body): (usize, Value)| json!({ "id": format!("s{n}"), "type": "score-create", "timestamp": format!("2026-11-22T06:11:0{n}Z"), "body": body });
    let batch: Vec<Value> = scores.into_iter().enumerate().map(event).collect();
    let alone = json!({ "key": "quality", "id": "alone", "run_id": "gen", "score": 1 }).to_string();
    let posted = [
        ("/api/public/ingestion", json!({ "batch": batch }).to_string(), 207),
        ("/feedback", alone, 200),
    ];
    for (path, body, status) in posted {
        let sent = Sent::new("POST", path).bearer(KEY).body(body);
        assert_eq!(native.serve(sent).reply.status, status, "{path}");
    }
    assert_eq!(native.deliver(), 2);
    native
}

#[test]
fn a_score_is_what_langfuse_would_say_of_it() {
    let native = scored();
    for (id, data_type, value, text) in [
        ("number", "NUMERIC", json!(0.25), Value::Null),
        ("true", "BOOLEAN", json!(1.0), json!("True")),
        ("false", "BOOLEAN", json!(0.0), json!("False")),
        ("text", "CATEGORICAL", Value::Null, json!("good")),
    ] {
        let (status, score) = get(&native, &format!("/api/public/scores/{id}"));
        assert_eq!((status, &score["id"], &score["traceId"]), (200, &json!(id), &json!("t1")));
        let found = (&score["dataType"], &score["value"], &score["stringValue"]);
        assert_eq!(found, (&json!(data_type), &value, &text), "{id}");
        assert_eq!(score["source"], "API");
    }
    let (_, score) = get(&native, "/api/public/scores/number");
    assert_eq!((&score["name"], &score["comment"]), (&json!("quality"), &json!("poor")));
    for time in ["timestamp", "createdAt", "updatedAt"] {
        assert_eq!(score[time], "2026-11-22T06:11:00.000Z");
    }
    assert_eq!(get(&native, "/api/public/scores/true").1["observationId"], "gen");
    // Langfuse's have a trace; where these are it says.
    let (status, refused) = get(&native, "/api/public/scores/session");
    assert_eq!((status, &refused["error"]), (404, &json!("NOT_FOUND")));
    assert!(refused["message"].as_str().unwrap().contains("/api/v1/scores/"), "{refused}");
    assert_eq!(get(&native, "/api/public/scores/none").0, 404);
    assert_eq!(get(&native, "/api/v1/scores/true").1["data"]["boolean"], true);
}

#[test]
fn lists_of_scores_are_filtered_and_come_in_pages() {
    let native = scored();
    for (query, expected) in [
        ("", vec!["other", "text", "false", "true", "number"]),
        ("?traceId=t1", vec!["text", "false", "true", "number"]),
        ("?traceId=t1&observationId=gen", vec!["true"]),
        ("?name=quality", vec!["other", "number"]),
        ("?name=qualit", vec![]),
        ("?dataType=BOOLEAN", vec!["false", "true"]),
        ("?dataType=CATEGORICAL", vec!["text"]),
        ("?dataType=NUMERIC", vec!["other", "number"]),
        ("?source=API&name=label", vec!["text"]),
        ("?source=EVAL", vec![]),
        ("?source=ANNOTATION", vec![]),
        ("?operator=%3E%3D&value=0.75", vec!["other", "true"]),
        ("?operator=%3C%3D&value=0.25", vec!["false", "number"]),
        ("?operator=%3D&value=0.25", vec!["number"]),
        ("?fromTimestamp=2026-11-22T06:11:03Z", vec!["other", "text"]),
        ("?toTimestamp=2026-11-22T06:11:01Z", vec!["number"]),
        ("?limit=2&page=2", vec!["false", "true"]),
        ("?page=9", vec![]),
    ] {
        let (status, list) = get(&native, &format!("/api/public/scores{query}"));
        assert_eq!((status, ids(&list)), (200, expected), "{query}");
    }
    let (_, list) = get(&native, "/api/public/scores?limit=2&page=2");
    assert_eq!((&list["meta"]["page"], &list["meta"]["totalPages"]), (&json!(2), &json!(3)));
    assert!(list["data"][0]["trace"].is_object(), "the SDK wants one");
    for (query, path) in [
        ("limit=101", "limit"),
        ("page=42", "page"),
        ("userId=u", "userId"),
        ("traceTags=a", "traceTags"),
        ("scoreIds=a,b", "scoreIds"),
        ("configId=c", "configId"),
        ("queueId=q", "queueId"),
        ("environment=production", "environment"),
        ("source=me", "source"),
        ("dataType=TEXT", "dataType"),
        ("operator=%3E&value=1", "operator"),
        ("value=1", "operator"),
        ("operator=%3D", "value"),
        ("operator=%3D&value=NaN", "value"),
        ("fromTimestamp=yesterday", "fromTimestamp"),
    ] {
        let (status, refused) = get(&native, &format!("/api/public/scores?{query}"));
        assert_eq!((status, &refused["details"][0]["path"]), (400, &json!(path)), "{query}");
    }
}

#[test]
fn traces_have_their_scores_and_lists_of_traces_the_ids_of_them() {
    let native = scored();
    let (_, trace) = get(&native, "/api/public/traces/t1");
    let scores = trace["scores"].as_array().unwrap();
    let found: Vec<_> = scores.iter().map(|score| score["id"].as_str().unwrap()).collect();
    // That of its span alone is the trace's here, where it is known to be.
    assert_eq!(found, ["text", "false", "true", "number", "alone"]);
    assert!(scores.iter().all(|score| score["traceId"] == "t1"), "{trace}");
    assert_eq!(scores[3], get(&native, "/api/public/scores/number").1);
    let (_, list) = get(&native, "/api/public/traces");
    let of = |n: usize| list["data"][n]["scores"].clone();
    assert_eq!((&list["data"][1]["id"], of(0)), (&json!("t1"), json!(["other"])));
    assert_eq!((of(1), of(2)), (json!(["text", "false", "true", "number"]), json!([])));
}

#[test]
fn reads_need_a_key() {
    let native = filled();
    for path in [
        "traces",
        "traces/t1",
        "observations?traceId=t1",
        "observations/gen?traceId=t1",
        "scores",
        "scores/number",
    ] {
        let reply = native.serve(Sent::new("GET", &format!("/api/public/{path}"))).reply;
        assert_eq!(reply.status, 401, "{path}");
    }
}
