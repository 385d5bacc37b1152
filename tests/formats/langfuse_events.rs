//! Langfuse's events one by one: what each says.

use std::borrow::Cow;

use edgespan::error::Reject;
use edgespan::formats::decoded::Decoded;
use edgespan::formats::langfuse::BATCH;
use edgespan::limits::MAX_TAGS;
use edgespan::model::{Body, Event, Rank, ScoreBody, SpanBody, SpanType, Status, TraceBody, Usage};
use serde_json::{Value, json};

pub const AT: &str = "2026-11-22T06:19:30.123Z";

pub fn batch(events: &[Value]) -> String {
    json!({ "batch": events }).to_string()
}

pub fn event(kind: &str, body: &Value) -> Value {
    json!({ "id": "e", "type": kind, "timestamp": AT, "body": body })
}

pub fn check(body: &str) -> Result<Decoded, Reject> {
    (BATCH.check)(body.as_bytes())
}

/// Reads the only event of a batch.
fn read<T>(said: &Value, with: impl Fn(Event) -> T) -> T {
    let body = batch(std::slice::from_ref(said));
    let decoded = check(&body).unwrap();
    assert_eq!(decoded.details, [], "{said}");
    let mut events = (BATCH.decode)(body.as_bytes()).unwrap();
    assert_eq!(events.len(), 1, "{said}");
    with(events.remove(0))
}

fn span<T>(kind: &str, mut body: Value, with: impl Fn(SpanBody) -> T) -> T {
    body["id"] = "s".into();
    body["traceId"] = "t".into();
    read(&event(kind, &body), |event| match event.body {
        Body::Span(span) => with(span),
        other => panic!("{other:?}"),
    })
}

fn trace<T>(body: &Value, with: impl Fn(TraceBody) -> T) -> T {
    read(&event("trace-create", body), |event| match event.body {
        Body::Trace(trace) => with(trace),
        other => panic!("{other:?}"),
    })
}

fn score<T>(body: &Value, with: impl Fn(ScoreBody) -> T) -> T {
    read(&event("score-create", body), |event| match event.body {
        Body::Score(score) => with(score),
        other => panic!("{other:?}"),
    })
}

#[test]
fn types_say_what_an_observation_is_and_which_of_two_events_counts() {
    use SpanType::{Agent, Chain, Custom, Llm};
    for (kind, of, rank) in [
        ("span-create", Some(Chain), Rank::Create),
        ("span-update", None, Rank::Update),
        ("generation-create", Some(Llm), Rank::Create),
        ("generation-update", Some(Llm), Rank::Update),
        ("event-create", Some(Custom), Rank::Create),
        ("agent-create", Some(Agent), Rank::Create),
    ] {
        let found = read(&event(kind, &json!({ "id": "s", "traceId": "t" })), |event| {
            let Body::Span(span) = event.body else { panic!("{kind}") };
            (span.kind, event.rank)
        });
        assert_eq!(found, (of, rank), "{kind}");
    }
    for (word, of) in [("SPAN", Some(Chain)), ("GENERATION", Some(Llm)), ("EVENT", Some(Custom))] {
        assert_eq!(span("observation-create", json!({ "type": word }), |span| span.kind), of);
    }
    assert_eq!(span("observation-update", json!({ "type": "SPAN" }), |span| span.kind), None);
    assert_eq!(span("observation-update", json!({}), |span| span.kind), None);
}

#[test]
fn times_are_those_that_are_said() {
    let ms = |text: &str| edgespan::time::parse(&format!("2026-11-22T06:19:{text}Z"));
    let at = |text: &str| format!("2026-11-22T06:19:{text}Z");
    let times = |kind, body| span(kind, body, |span| (span.start, span.end));
    let both = json!({ "startTime": at("01"), "endTime": at("02") });
    assert_eq!(times("span-create", both), (ms("01"), ms("02")));
    // An end from before the start is none.
    let odd = json!({ "startTime": at("02"), "endTime": at("01") });
    assert_eq!(times("span-create", odd), (ms("02"), ms("02")));
    // An event has no length, whatever it says.
    let event = json!({ "startTime": at("01"), "endTime": at("02") });
    assert_eq!(times("event-create", event), (ms("01"), ms("01")));
    // What says no start began when its event was made; an update says nothing of that.
    assert_eq!(times("span-create", json!({})), (ms("30.123"), None));
    assert_eq!(times("span-update", json!({ "endTime": at("40") })), (None, ms("40")));
    let decorated =
        json!({ "id": "t", "timestamp": at("02"), "start_time": at("01"), "end_time": at("03") });
    assert_eq!(trace(&decorated, |trace| (trace.start, trace.end)), (ms("01"), ms("03")));
    let odd = json!({ "id": "t", "start_time": at("03"), "end_time": at("01") });
    assert_eq!(trace(&odd, |trace| (trace.start, trace.end)), (ms("03"), ms("03")));
}

#[test]
fn levels_say_whether_it_failed_and_whose_message_it_is() {
    let says = |kind: &str, body: Value| {
        span(kind, body, |span| (span.status, span.error_message.map(Cow::into_owned)))
    };
    let kaput = || Some("kaput".to_owned());
    for (kind, level, status, message) in [
        ("span-create", json!("ERROR"), Some(Status::Error), kaput()),
        ("span-create", json!("WARNING"), Some(Status::Ok), None),
        ("span-create", json!("DEBUG"), Some(Status::Ok), None),
        ("span-create", json!(null), None, None),
        ("span-update", json!("DEFAULT"), Some(Status::Ok), None),
        ("span-update", json!("ERROR"), Some(Status::Error), kaput()),
        // The level may have been said before.
        ("span-update", json!(null), None, kaput()),
    ] {
        let body = json!({ "level": level, "statusMessage": "kaput" });
        assert_eq!(says(kind, body), (status, message), "{kind} {level}");
    }
}

fn usage(prompt: u64, completion: u64, total: u64, cached: u64) -> Usage {
    let some = |count: u64| Some(count).filter(|count| *count > 0);
    let (prompt, completion) = (some(prompt), some(completion));
    Usage { prompt, completion, total: some(total), cached: some(cached), ..Usage::default() }
}

#[test]
fn every_shape_of_usage_comes_to_the_same() {
    for (body, expected) in [
        // OpenAI's own.
        (
            json!({ "usageDetails": { "prompt_tokens": 150, "completion_tokens": 50, "total_tokens": 200,
            "prompt_tokens_details": { "cached_tokens": 20 },
            "completion_tokens_details": { "reasoning_tokens": 5 } } }),
            usage(150, 50, 200, 20),
        ),
        (
            json!({ "usage": { "total": 200, "unit": "TOKENS" },
            "usageDetails": { "input_tokens": 150, "output_tokens": 50, "total_tokens": 200,
            "input_tokens_details": { "cached_tokens": 20, "cache_write_tokens": null } } }),
            usage(150, 50, 200, 20),
        ),
        // Langfuse's for JavaScript, which include their details.
        (
            json!({ "usage": { "input": 150, "output": 50, "total": 200 },
            "usageDetails": { "input": 150, "output": 50, "total": 200,
            "input_cached_tokens": 20, "output_reasoning_tokens": 5 } }),
            usage(150, 50, 200, 20),
        ),
        // LangChain's parts, said twice.
        (
            json!({ "usage": { "input": 130, "output": 45, "total": 200, "input_cache_read": 20, "output_reasoning": 5 },
            "usageDetails": { "input": 130, "output": 45, "total": 200, "input_cache_read": 20,
            "output_reasoning": 5 } }),
            usage(150, 50, 200, 20),
        ),
        // Anthropic's parts, of which nobody says the total.
        (
            json!({ "usageDetails": { "input": 100, "output": 20, "cache_read_input_tokens": 30 } }),
            usage(130, 20, 0, 30),
        ),
        (
            json!({ "usageDetails": { "input_tokens": 100, "output_tokens": 20, "cache_creation_input_tokens": 7,
            "cache_read_input_tokens": 30, "service_tier": "standard" } }),
            Usage { cache_write: Some(7), ..usage(137, 20, 0, 30) },
        ),
        (
            json!({ "usage": { "promptTokens": 10, "completionTokens": 5, "totalTokens": 15 } }),
            usage(10, 5, 15, 0),
        ),
        // The later names count over the earlier.
        (
            json!({ "usage": { "promptTokens": 1, "completionTokens": 1 },
            "usageDetails": { "input": 10, "output": 5, "cache_read_input_tokens": 2 } }),
            usage(12, 5, 0, 2),
        ),
        (json!({ "usage": { "total": 7 } }), usage(0, 0, 7, 0)),
        (json!({ "usage": { "input": 3.0 }, "usageDetails": {} }), usage(3, 0, 0, 0)),
        (json!({ "usage": { "input": 3, "unit": "CHARACTERS" } }), usage(0, 0, 0, 0)),
        (
            json!({ "usage": { "unit": "TOKENS", "totalCost": 0.5, "input": null } }),
            usage(0, 0, 0, 0),
        ),
        (json!({ "usage": null, "usageDetails": null }), usage(0, 0, 0, 0)),
        (json!({}), usage(0, 0, 0, 0)),
    ] {
        assert_eq!(span("generation-update", body.clone(), |span| span.usage), expected, "{body}");
    }
    // Nobody else's tokens count.
    let counted = json!({ "usage": { "total": 7 }, "costDetails": { "total": 1 }, "model": "m" });
    for kind in ["span-create", "span-update", "event-create"] {
        let found = span(kind, counted.clone(), |span| {
            (span.usage, span.cost.is_none() && span.model.is_none())
        });
        assert_eq!(found, (Usage::default(), true));
    }
}

#[test]
fn costs_are_as_they_are_said_or_the_sum_of_their_parts() {
    for (body, cost) in [
        (json!({ "costDetails": { "total": 0.01, "input": 5 } }), Some("0.01")),
        (json!({ "costDetails": { "input": 0.25, "output": 0.5, "cache": 1 } }), Some("1.75")),
        (json!({ "costDetails": { "total": 0 }, "usage": { "totalCost": 3 } }), Some("0")),
        (json!({ "costDetails": {}, "usage": { "totalCost": 3, "inputCost": 1 } }), Some("3")),
        (json!({ "usage": { "inputCost": 0.5, "outputCost": 0.25 } }), Some("0.75")),
        (json!({ "usage": { "input": 5 } }), None),
        (json!({ "costDetails": { "input": null } }), None),
    ] {
        let found = span("generation-create", body.clone(), |s| s.cost.map(Cow::into_owned));
        assert_eq!(found.as_deref(), cost, "{body}");
    }
}

#[test]
fn metadata_that_is_no_object_is_kept_in_one() {
    for (sent, kept) in [
        (json!({ "a": { "b": 1 } }), Some(r#"{"a":{"b":1}}"#)),
        (json!("text"), Some(r#"{"metadata":"text"}"#)),
        (json!([1, 2]), Some(r#"{"metadata":[1,2]}"#)),
        (json!(0), Some(r#"{"metadata":0}"#)),
        (json!(null), None),
    ] {
        let body = || json!({ "id": "t", "metadata": sent.clone() });
        let found = trace(&body(), |trace| trace.metadata.map(Cow::into_owned));
        assert_eq!(found.as_deref(), kept);
        let found = span("span-update", body(), |span| span.metadata.map(Cow::into_owned));
        assert_eq!(found.as_deref(), kept);
    }
}

#[test]
fn a_trace_says_what_is_its_own() {
    let body = json!({ "id": "t", "name": "n", "userId": "u", "sessionId": "s", "tags": ["a", null, "b"],
        "input": null, "output": [1], "release": "r", "public": true, "environment": "e", "model": "m" });
    trace(&body, |trace| {
        assert_eq!((trace.name.as_deref(), trace.user.as_deref()), (Some("n"), Some("u")));
        assert_eq!((trace.session.as_deref(), trace.adds_tags), (Some("s"), true));
        assert_eq!(trace.tags, ["a", "b"]);
        assert_eq!((trace.input, trace.output.as_deref()), (None, Some("[1]")));
    });
    let tags = vec!["a"; MAX_TAGS + 1];
    assert_eq!(trace(&json!({ "id": "t", "tags": tags }), |trace| trace.tags.len()), MAX_TAGS);
    // What has no id has its event's.
    assert_eq!(trace(&json!({ "name": "n" }), |trace| trace.id.into_owned()), "e");
    let own = read(&event("span-create", &json!({})), |event| match event.body {
        Body::Span(span) => (span.id.map(Cow::into_owned), span.trace.into_owned()),
        other => panic!("{other:?}"),
    });
    assert_eq!(own, (Some("e".into()), "e".into()));
}

#[test]
fn scores_are_numbers_words_or_one_of_two() {
    for (value, data_type, expected) in [
        (json!(0.5), None, (Some(0.5), None, false)),
        (json!(3), Some("NUMERIC"), (Some(3.0), None, false)),
        (json!("good"), None, (None, Some("good"), false)),
        (json!("A"), Some("CATEGORICAL"), (None, Some("A"), false)),
        (json!(1.0), Some("BOOLEAN"), (Some(1.0), None, true)),
        (json!(false), None, (Some(0.0), None, true)),
        (json!(true), Some("BOOLEAN"), (Some(1.0), None, true)),
    ] {
        let body = json!({ "id": "x", "traceId": "t", "observationId": "s", "name": "q", "value": value,
            "dataType": data_type, "comment": "why", "parent_observation_id": "z" });
        score(&body, |score| {
            assert_eq!((score.value, score.label.as_deref(), score.boolean), expected, "{value}");
            let ids = (score.id.as_deref(), score.trace.as_deref(), score.span.as_deref());
            assert_eq!(ids, (Some("x"), Some("t"), Some("s")));
            assert_eq!((&*score.name, score.reasoning.as_deref()), ("q", Some("why")));
        });
    }
    let of_session = json!({ "sessionId": "s", "name": "q", "value": 1 });
    let found = score(&of_session, |score| (score.id.map(Cow::into_owned), score.trace.is_none()));
    assert_eq!(found, (Some("e".into()), true));
}
