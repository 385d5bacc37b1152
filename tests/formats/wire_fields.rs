//! What is decoded out of an event, field by field, and where a body that is
//! no JSON is said to break.

use std::borrow::Cow;

use edgespan::error::Reject;
use edgespan::formats::twosignal::{decode, decode_event};
use edgespan::model::{Body, Event, SpanBody, SpanType, Status, TraceBody, TraceSaid, Usage};

const TEN: i64 = 1_773_482_400_000_000; // 2026-03-14T10:00:00Z

fn events(body: &str) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    let decoded = decode(body.as_bytes(), |event| events.push(event)).unwrap();
    assert_eq!(decoded.details, []);
    events
}

#[test]
fn a_trace_has_all_its_fields() {
    let body = r#" {"batch": [ {
        "id": "e", "type": "trace-create", "timestamp": "2026-03-14T10:00:00.000001Z",
        "body": {"id": "t", "name": "n\n", "startTime": "2026-03-14T10:00:00Z", "end_time": "2026-03-14T10:00:01Z",
          "session_id": "s", "parentTraceId": "p", "deploymentId": "d", "tags": ["a", null, "b"],
          "evaluators": ["x"], "metadata": { "k" : [1] }}
    } ]}"#;
    let event = &events(body)[0];
    assert_eq!(event.index, 0);
    assert!(body[event.range.clone()].starts_with("{\n        \"id\": \"e\""));
    assert!(body[event.range.clone()].ends_with("}}\n    }"));
    assert_eq!(event.envelope.as_deref(), Some("e"));
    assert_eq!(event.timestamp, Some(TEN + 1));
    let Body::Trace(trace) = &event.body else { panic!() };
    let wanted = TraceBody {
        id: "t".into(),
        name: Some("n\n".into()),
        user: None,
        adds_tags: false,
        start: Some(TEN),
        end: Some(TEN + 1_000_000),
        session: Some("s".into()),
        parent_trace: Some("p".into()),
        deployment: Some("d".into()),
        tags: vec!["a".into(), "b".into()],
        evaluators: Some(vec!["x".into()]),
        metadata: Some(r#"{ "k" : [1] }"#.into()),
        input: None,
        output: None,
    };
    assert_eq!(*trace, wanted);
    assert!(matches!(trace.id, Cow::Borrowed(_)));
    assert!(matches!(trace.name, Some(Cow::Owned(_))));
}

#[test]
fn a_span_has_all_its_fields() {
    let body = r#"{"batch":[{"body":{"id":"s","traceId":"t","parentSpanId":"p","name":"","type":"HUMAN_HANDOFF",
        "startTime":"2026-03-14T10:00:00","endTime":"2026-03-14T10:00:00.5+00:00","input":[ 1,"\u00e9"],"output":"text",
        "model":"gpt","modelParameters":{"temperature":0.2},"usage":{"promptTokens":1,"completionTokens":2.0,"totalTokens":3e0,
        "cachedTokens":0},"cost":3.10e-3,"status":"ERROR","errorMessage":"why","metadata":{}},"type":"span-create"}]}"#;
    let event = events(body).remove(0);
    assert_eq!((event.envelope, event.timestamp), (None, None));
    let Body::Span(span) = event.body else { panic!() };
    let wanted = SpanBody {
        trace: "t".into(),
        id: Some("s".into()),
        parent: Some("p".into()),
        name: Some("".into()),
        kind: Some(SpanType::HumanHandoff),
        start: Some(TEN),
        end: Some(TEN + 500_000),
        input: Some(r#"[ 1,"\u00e9"]"#.into()),
        output: Some(r#""text""#.into()),
        model: Some("gpt".into()),
        provider: None,
        model_parameters: Some(r#"{"temperature":0.2}"#.into()),
        usage: Usage {
            prompt: Some(1),
            completion: Some(2),
            total: Some(3),
            cached: Some(0),
            ..Usage::default()
        },
        cost: Some("3.10e-3".into()),
        status: Some(Status::Error),
        error_message: Some("why".into()),
        metadata: Some("{}".into()),
        may_repeat: false,
        beside: false,
        trace_said: TraceSaid::Always,
        of_trace: None,
    };
    assert_eq!(span, wanted);
}

/// Good events keep their places when bad ones are between them.
#[test]
fn bad_events_are_counted_in_places() {
    let good = r#"{"type":"trace-create","body":{"id":"t","name":"n"}}"#;
    let body = format!(r#"{{"batch":[null,{good},{{}}, {good}]}}"#);
    let mut places = Vec::new();
    let decoded = decode(body.as_bytes(), |event| places.push((event.index, event.range))).unwrap();
    assert_eq!((decoded.events, decoded.accepted, decoded.invalid), (4, 2, 2));
    let second = body.rfind(good).unwrap();
    assert_eq!(places, [(1, 15..15 + good.len()), (3, second..second + good.len())]);
}

/// Each event's fields are its own, although keys are remembered.
#[test]
fn nothing_is_left_of_the_event_before() {
    let full = r#"{"id":"e","type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","usage":{"promptTokens":1},"cost":1}}"#;
    let bare =
        r#"{"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","usage":{}}}"#;
    let body = format!(r#"{{"batch":[{full},{bare},{full},{{"id":"e"}}]}}"#);
    let mut seen = Vec::new();
    let decoded = decode(body.as_bytes(), |event| seen.push(event)).unwrap();
    assert_eq!(decoded.invalid, 1);
    let alone = decode_event(bare).unwrap();
    assert_eq!((&seen[1].envelope, &seen[1].body), (&alone.envelope, &alone.body));
    let Body::Span(span) = &seen[1].body else { panic!() };
    assert_eq!((span.usage, &span.cost), (Usage::default(), &None));
}

/// A key is only remembered whole: these begin with the same 24 bytes.
#[test]
fn long_keys_are_told_apart() {
    let alike = "a key of twenty-two byte";
    let event = |key: &str| {
        format!(r#"{{"type":"trace-create","{key}":1,"body":{{"id":"t","{key}":2,"name":"n"}}}}"#)
    };
    for lengths in [[22, 23], [20, 21], [24, 40], [40, 24], [21, 22]] {
        let [first, second] = lengths.map(|n| event(&format!("{alike:-<40}")[..n]));
        let body = format!(r#"{{"batch":[{first},{first},{second},{first}]}}"#);
        assert_eq!(events(&body).len(), 4, "{body}");
    }
    // Cut off inside a key that has been remembered.
    let whole = format!(r#"{{"batch":[{0},{0}]}}"#, event("x"));
    for end in 0..whole.len() {
        assert!(decode(&whole.as_bytes()[..end], |_| ()).is_err(), "{end}");
    }
}

#[test]
fn an_event_by_itself() {
    let event = r#"{"type":"trace-create","body":{"id":"t","name":"n"}}"#;
    let spaced = format!("\n {event} ");
    assert_eq!(decode_event(&spaced).unwrap().range, 2..2 + event.len());
    for bad in ["", "null", "{}", "[]", &event[1..], &event[..event.len() - 1], &event.repeat(2)] {
        assert_eq!(decode_event(bad), None, "{bad}");
    }
}

#[test]
fn says_where_the_json_breaks() {
    for (body, wanted) in [
        ("{\"batch\":[]", "byte 11 (line 1, column 12): the body ends too early @batch"),
        (
            "{\"batch\":[{\"body\":{\"name\":\"é",
            "byte 29 (line 1, column 29): the body ends too early @batch[0].body.name",
        ),
        ("{\"batch\":[{},{},\n{\"a\" 1", "byte 22 (line 2, column 6): expected `:` @batch[2]"),
        (
            "{\"batch\":[{\"body\":{\"usage\":{\"x\":[01]}}}]}",
            "byte 34 (line 1, column 35): a number has no leading zero @batch[0].body.usage",
        ),
        (
            "{\"batch\":[{\"x\":\"\t\"}]}",
            "byte 16 (line 1, column 17): a control character in a string must be escaped @batch[0].x",
        ),
        (
            "{\"batch\":[{\"x\":\"\\x\"}]}",
            "byte 17 (line 1, column 18): expected one of \" \\ / b f n r t u after a backslash @batch[0].x",
        ),
        (
            "{\"batch\":[{\"x\":\"\\u12\"}]}",
            "byte 20 (line 1, column 21): expected four hexadecimal digits after `\\u` @batch[0].x",
        ),
        ("{\"batch\":[{\"x\":-}]}", "byte 16 (line 1, column 17): expected a digit @batch[0].x"),
        (
            "{\"batch\":[{\"x\":1,}]}",
            "byte 17 (line 1, column 18): expected a key in double quotes @batch[0]",
        ),
        (
            "{\"batch\":[{\"x\":{1:2}}]}",
            "byte 16 (line 1, column 17): expected a key in double quotes or `}` @batch[0].x",
        ),
        ("{\"batch\":[1 2]}", "byte 12 (line 1, column 13): expected `,` or `]` @batch[0]"),
        ("{\"batch\":[,]}", "byte 10 (line 1, column 11): expected a value @batch[0]"),
        ("\u{feff}{}", "byte 0 (line 1, column 1): expected a value @"),
        ("{} {}", "byte 3 (line 1, column 4): expected nothing more after the body's object @"),
    ] {
        let Err(Reject::Validation { message, details }) = decode(body.as_bytes(), |_| ()) else {
            panic!("{body}");
        };
        assert_eq!(
            format!("{message} @{}", details[0].path),
            format!("malformed JSON at {wanted}")
        );
    }
}

#[test]
fn says_where_it_is_not_utf8() {
    let Err(Reject::Validation { message, .. }) = decode(b"{\"batch\":[\"\xc3\x28\"]}", |_| ())
    else {
        panic!();
    };
    assert_eq!(message, "the body is not UTF-8: byte 11 does not belong there");
}
