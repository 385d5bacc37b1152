//! Scores in the API's own format: what is taken, what is refused and why.

use edgespan::error::Reject;
use edgespan::formats::scores::{DELETION, FORMAT, deletion_of};
use edgespan::formats::wire_format::EventBytes;
use edgespan::model::{Body, ScoreBody};
use proptest::prelude::*;
use serde_json::{Value, json};

fn least(more: &Value) -> Value {
    let mut score = json!({ "traceId": "t", "evaluatorName": "e", "value": 0.5 });
    score.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    score
}

fn scores(body: &str) -> Vec<ScoreBody<'_>> {
    let events = (FORMAT.decode)(body.as_bytes()).unwrap();
    events
        .into_iter()
        .map(|event| match event.body {
            Body::Score(score) => score,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// The paths and messages of all that is wrong with a body.
fn problems(body: &str) -> Vec<String> {
    let decoded = match (FORMAT.check)(body.as_bytes()) {
        Ok(decoded) => decoded.into_reject(),
        Err(reject) => reject,
    };
    match decoded {
        Reject::Validation { details, .. } => details
            .into_iter()
            .map(|detail| format!("{}: {}", detail.path, detail.message))
            .collect(),
        other => vec![other.to_string()],
    }
}

#[test]
fn all_shapes_and_spellings_say_the_same() {
    let camel = json!({ "id": "i", "traceId": "t", "spanId": "s", "evaluatorName": "e", "value": 1,
        "label": "good", "reasoning": "why", "metadata": { "a": [1] }, "more": null });
    let snake = json!({ "id": "i", "trace_id": "t", "span_id": "s", "evaluator_name": "e", "value": 1e0,
        "label": "good", "reasoning": "why", "metadata": { "a": [1] }, "traceId": null });
    let named = json!({ "id": "i", "traceId": "t", "spanId": "s", "name": "e", "value": 1.0,
        "label": "good", "reasoning": "why", "metadata": { "a": [1] } });
    let wanted = ScoreBody {
        id: Some("i".into()),
        trace: Some("t".into()),
        span: Some("s".into()),
        name: "e".into(),
        value: Some(1.0),
        label: Some("good".into()),
        reasoning: Some("why".into()),
        metadata: Some(r#"{"a":[1]}"#.into()),
        ..ScoreBody::default()
    };
    for score in [camel, snake, named] {
        for body in [score.clone(), json!([score]), json!({ "scores": [score], "x": 1 })] {
            let body = body.to_string();
            assert_eq!(scores(&body), std::slice::from_ref(&wanted), "{body}");
            assert!(problems(&body).is_empty(), "{body}");
        }
    }
    let few = json!([least(&json!({})), least(&json!({ "id": "", "spanId": "", "value": 0 }))])
        .to_string();
    assert!(scores(&few).iter().all(|score| score.id.is_none() && score.span.is_none()));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let long = |n: usize| "é".repeat(n);
    for (more, wanted) in [
        (json!({ "value": 1.01 }), "value: expected a number from 0 to 1, found 1.01"),
        (json!({ "value": -0.1 }), "value: expected a number from 0 to 1, found -0.1"),
        (json!({ "value": "0.5" }), "value: expected a number from 0 to 1, found a string"),
        (json!({ "value": true }), "value: expected a number from 0 to 1, found a boolean"),
        (json!({ "value": null }), "value: required"),
        (json!({ "traceId": null }), "traceId: required"),
        (json!({ "traceId": "" }), "traceId: expected a text that is not empty"),
        (json!({ "traceId": 7 }), "traceId: expected a string, found a number"),
        (
            json!({ "traceId": "." }),
            r#"traceId: expected an id other than . and .., which no URL can end in, found ".""#,
        ),
        (json!({ "traceId": long(129) }), "traceId: expected at most 256 bytes, found 258"),
        (json!({ "evaluatorName": "" }), "evaluatorName: expected a text that is not empty"),
        (
            json!({ "evaluatorName": long(201) }),
            "evaluatorName: expected at most 200 characters, found 201",
        ),
        (json!({ "label": long(201) }), "label: expected at most 200 characters, found 201"),
        (
            json!({ "reasoning": long(10_001) }),
            "reasoning: expected at most 10000 characters, found 10001",
        ),
        (json!({ "metadata": [] }), "metadata: expected an object, found an array"),
        (
            json!({ "metadata": { "a": "x".repeat(16 * 1024) } }),
            "metadata: expected at most 16384 bytes, found 16392",
        ),
        (
            json!({ "id": "sc_1" }),
            "id: expected an id that does not begin with sc_, as those of evaluators do",
        ),
        (json!({ "span_id": 1 }), "span_id: expected a string, found a number"),
    ] {
        let score = least(&more);
        assert_eq!(problems(&score.to_string()), [wanted], "{score}");
        let second = json!([least(&json!({})), score]).to_string();
        assert_eq!(problems(&second), [format!("[1].{wanted}")]);
        let within = json!({ "scores": [score] }).to_string();
        assert_eq!(problems(&within), [format!("scores[0].{wanted}")]);
    }
    let good = least(
        &json!({ "evaluatorName": long(200), "label": long(200), "reasoning": long(10_000) }),
    );
    assert!(problems(&good.to_string()).is_empty());
    assert_eq!(problems("{}"), ["traceId: required", "evaluatorName: required", "value: required"]);
    assert_eq!(problems("[1]"), ["[0]: expected an object, found a number"]);
    let half = r#"{"traceId":"\ud800","evaluatorName":"e","value":0}"#;
    assert_eq!(problems(half), [r"traceId: expected text, found half of a surrogate pair, \ud800"]);
    assert_eq!(problems(r#"{"traceId":"t","evaluatorName":"e","value":1e999}"#).len(), 1);
}

#[test]
fn a_body_that_is_no_scores_is_refused_whole() {
    for (body, wanted) in [
        (
            "7",
            "body: expected a score, an array of them, or an object with `scores`, found a number",
        ),
        ("[]", "scores: expected 1 to 1000 scores, found none"),
        (r#"{"scores":[]}"#, "scores: expected 1 to 1000 scores, found none"),
        (r#"{"scores":{}}"#, "scores: expected an array, found an object"),
        ("", ": malformed JSON at byte 0 (line 1, column 1): the body ends too early"),
    ] {
        assert_eq!(problems(body), [wanted], "{body}");
    }
    for body in ["{", "[{]", "{} x", "[{}", r#"{"scores":[{}}"#, "\u{feff}{}"] {
        assert!((FORMAT.check)(body.as_bytes()).is_err(), "{body}");
    }
    assert!((FORMAT.check)(b"{\"a\":\"\xff\"}").is_err());
    let most = |n: usize| json!(vec![least(&json!({})); n]).to_string();
    assert_eq!(scores(&most(1_000)).len(), 1_000);
    assert!(matches!((FORMAT.check)(most(1_001).as_bytes()), Err(Reject::TooLarge(_))));
    let large = format!("[{}]", " ".repeat(1024 * 1024 - 1));
    assert!(matches!((FORMAT.check)(large.as_bytes()), Err(Reject::TooLarge(_))));
}

#[test]
fn a_deletion_names_a_score_and_is_no_body_of_scores() {
    let body = deletion_of("a\"\u{e9}");
    let [event] = &(DELETION.decode)(&body).unwrap()[..] else { panic!() };
    let score = ScoreBody { id: Some("a\"\u{e9}".into()), deleted: true, ..ScoreBody::default() };
    assert_eq!(event.body, Body::Score(score));
    assert_eq!((DELETION.check)(&body).unwrap().accepted, 1);
    assert!(!problems(std::str::from_utf8(&body).unwrap()).is_empty());
    for body in ["", "{}", r#"{"id":1}"#, r#"{"id":""}"#, "[]", r#"{"id":"a"}}"#] {
        assert!((DELETION.decode)(body.as_bytes()).is_err(), "{body}");
        assert_eq!((DELETION.check)(body.as_bytes()).unwrap().invalid, 1, "{body}");
    }
}

proptest! {
    /// Whatever is sent: nothing panics, what is accepted decodes to as many events, and each
    /// event's own bytes say the same again.
    #[test]
    fn any_body_is_taken_or_refused_and_its_events_stand_by_themselves(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"scores\":", "\"traceId\":", "\"name\":", "\"value\":",
            "\"id\":", "\"a\"", "0.5", "2", "null", "\"metadata\":", " ", "\"\\ud800\"",
            r#"{"traceId":"t","name":"n","value":1}"#,
            r#"{"trace_id":"t","evaluatorName":"n","value":0.25,"metadata":{"a":{}}}"#,
        ]), 0..12),
    ) {
        let body = parts.concat();
        let checked = (FORMAT.check)(body.as_bytes());
        let decoded = (FORMAT.decode)(body.as_bytes());
        prop_assert_eq!(checked.is_ok(), decoded.is_ok());
        if let (Ok(checked), Ok(events)) = (checked, decoded) {
            prop_assert_eq!(checked.accepted, events.len());
            for event in events {
                let own = &body.as_bytes()[event.range.clone()];
                let again = (FORMAT.decode_event)(&EventBytes { own, context: vec![] });
                prop_assert_eq!(again.len(), 1);
                prop_assert_eq!(&again[0].body, &event.body);
            }
        }
    }
}
