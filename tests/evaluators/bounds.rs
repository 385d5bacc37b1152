//! What is beyond a bound is refused, and never judged by a part of it. What the dearest
//! inputs within the bounds cost is said where the bounds are.

use evaluators::evaluator::{Failure, Input, Outcome};
use serde_json::{Value, json};

use crate::examples::run;

fn judge(kind: &str, config: &Value, output: &Value) -> Result<Outcome, Failure> {
    let (config, output) = (config.to_string(), output.to_string());
    run(kind, &config, &Input { output: Some(&output), ..Input::default() })
}

/// The code of a failure, or none.
fn code(result: &Result<Outcome, Failure>) -> Option<&'static str> {
    result.as_ref().err().map(|failure| failure.code.as_str())
}

#[test]
fn what_would_take_too_long_is_refused_and_what_is_just_within_is_not() {
    let text = |n: usize| json!("a".repeat(n));
    let values = |n: usize| (0..n).map(|k| format!("b{k}")).collect::<Vec<_>>();
    let list = |n: usize| json!(vec![1; n]);
    let distance = |n: usize| json!({ "expected_output": "é".repeat(n) });
    let pattern = |n: usize| json!({ "pattern": format!("[a-z]{{1,{n}}}!"), "negate": true });
    let constants = |n: usize| json!({ "schema": { "items": { "not": { "enum": values(n) } } } });
    let ngrams = |n: usize| json!({ "expected_output": "a".repeat(n), "tokenizer": "char_ngram" });
    let nested = |n: usize| json!("[".repeat(n) + &"]".repeat(n));
    for (kind, within, within_output, beyond, beyond_output) in [
        (
            "CONTAINS",
            json!({ "value": values(60) }),
            text(1_000_000),
            json!({ "value": values(70) }),
            text(1_000_000),
        ),
        (
            "TOXICITY",
            json!({}),
            text(1_000_000),
            json!({ "custom_words": values(40) }),
            text(1_000_000),
        ),
        ("REGEX_MATCH", pattern(30), text(99_999), pattern(90), text(99_999)),
        ("REGEX_MATCH", pattern(30), text(100_000), pattern(30), text(100_001)),
        ("REGEX_MATCH", pattern(900), text(2_000), pattern(900), text(90_000)),
        ("LEVENSHTEIN", distance(20_000), text(10), distance(20_001), text(10)),
        ("LEVENSHTEIN", distance(10), text(20_000), distance(10), text(20_001)),
        ("SIMILARITY", ngrams(500_000), text(500_000), ngrams(500_000), text(600_000)),
        ("JSON_SCHEMA", constants(20), list(100_000), constants(60), list(100_000)),
        ("JSON_SCHEMA", json!({ "schema": {} }), nested(512), json!({ "schema": {} }), nested(513)),
        (
            "LENGTH",
            json!({ "output_path": "" }),
            nested(512),
            json!({ "output_path": "" }),
            nested(513),
        ),
        ("LENGTH", json!({}), list(500_000), json!({}), list(530_000)),
    ] {
        let ok = judge(kind, &within, &within_output);
        assert_eq!(code(&ok), None, "{kind}: {ok:?}");
        let refused = judge(kind, &beyond, &beyond_output);
        assert_eq!(code(&refused), Some("TOO_EXPENSIVE"), "{kind}: {refused:?}");
    }
}

#[test]
fn schemas_and_patterns_that_are_too_large_are_configurations_that_are_wrong() {
    let mut deep = json!({});
    for _ in 0..100 {
        deep = json!({ "items": deep });
    }
    let large = json!({ "pattern": "[a-z]{1,2000}" });
    let schema = |schema: Value| json!({ "schema": schema });
    for (kind, config) in [
        ("REGEX_MATCH", json!({ "pattern": "(?:[a-z]{1,50}){1,200}" })),
        ("REGEX_MATCH", json!({ "pattern": "x".repeat(1_001) })),
        ("REGEX_MATCH", json!({ "pattern": "(?:){4294967295}" })),
        ("JSON_SCHEMA", schema(deep)),
        ("JSON_SCHEMA", schema(json!({ "anyOf": vec![large; 20] }))),
    ] {
        let result = judge(kind, &config, &json!("x"));
        assert_eq!(code(&result), Some("INVALID_CONFIG"), "{kind}: {result:?}");
    }
}

#[test]
fn reasoning_is_of_bounded_length_whatever_it_would_name() {
    let long = "x".repeat(50_000);
    let names: Vec<String> = (0..2_000).map(|k| format!("{k}{long:.30}")).collect();
    let calls: Vec<Value> = names.iter().map(|name| json!({ "name": name, "args": {} })).collect();
    let schema = json!({ "type": "object", "additionalProperties": false });
    for (kind, config, output) in [
        ("CONTAINS", json!({ "value": names }), json!("a")),
        ("CONTAINS", json!({ "value": long }), json!("a")),
        ("TOOL_CALL_VALIDATION", json!({ "allowed_functions": [] }), json!(calls)),
        ("JSON_SCHEMA", json!({ "schema": schema }), json!({ (long.as_str()): 1 })),
    ] {
        let outcome = judge(kind, &config, &output);
        let length = match &outcome {
            Ok(outcome) => outcome.reasoning.chars().count(),
            Err(failure) => failure.message.chars().count(),
        };
        assert!((1..=10_001).contains(&length), "{kind}: {length}");
    }
}

#[test]
fn config_errors_come_before_missing_input_and_unknown_keys_are_warned_of() {
    let result = judge("EXACT_MATCH", &json!({ "trim": 1 }), &json!("x"));
    assert_eq!(code(&result), Some("INVALID_CONFIG"));
    let kind = evaluators::evaluator::EvaluatorType::find("LENGTH").unwrap();
    let config = r#"{"min":1,"maxx":2,"outputPath":"","unit":null,"a_b":null}"#;
    let evaluator = kind.parse(Some(config)).unwrap();
    assert_eq!(
        evaluator.warnings(),
        ["config.maxx: unknown, ignored", "config.a_b: unknown, ignored"]
    );
    for config in ["[]", "1", "null", "\"x\""] {
        assert_eq!(kind.parse(Some(config)).unwrap_err().code.as_str(), "INVALID_CONFIG");
    }
    assert!(kind.parse(None).is_ok());
}

#[test]
fn calls_of_several_spans_are_judged_together() {
    let outputs = [r#"{"name":"a","args":{}}"#, "\"text\"", r#"[{"name":"b","args":{}}]"#];
    let input = Input { outputs_with_calls: Some(&outputs), ..Input::default() };
    let config = r#"{"allowedFunctions":["a"]}"#;
    let outcome = run("TOOL_CALL_VALIDATION", config, &input).unwrap();
    assert_eq!((outcome.pass, outcome.reasoning.as_str()), (false, "call 1: b is not allowed"));
    let none = Input { outputs_with_calls: Some(&[]), ..Input::default() };
    let failure = run("TOOL_CALL_VALIDATION", config, &none).unwrap_err();
    assert_eq!(failure.code.as_str(), "MISSING_INPUT");
}
