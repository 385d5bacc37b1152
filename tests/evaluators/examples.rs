//! Every worked example in tests/fixtures/evaluators, and that there are some of each type.

use std::fs;

use evaluators::evaluator::{EvaluatorType, Failure, Input, Outcome, TYPES};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct File {
    r#type: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    config: Box<RawValue>,
    output: Option<Box<RawValue>>,
    expected_output: Option<Box<RawValue>>,
    duration_ms: Option<f64>,
    cost: Option<f64>,
    expect: Value,
}

/// Runs an evaluator of some type.
pub fn run(kind: &str, config: &str, input: &Input<'_>) -> Result<Outcome, Failure> {
    EvaluatorType::find(kind).unwrap().parse(Some(config))?.run(input)
}

fn read(kind: &str) -> File {
    let path = format!("tests/fixtures/evaluators/{}.json", kind.to_lowercase());
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_worked_example_comes_out_as_it_is_written() {
    for kind in &TYPES {
        let file = read(kind.name);
        assert_eq!(file.r#type, kind.name);
        assert!(file.cases.len() >= 5, "{}", kind.name);
        for case in &file.cases {
            let raw = |value: &Option<Box<RawValue>>| value.as_ref().map(|v| v.get().to_owned());
            let (output, expected_output) = (raw(&case.output), raw(&case.expected_output));
            let input = Input {
                output: output.as_deref(),
                expected_output: expected_output.as_deref(),
                duration_ms: case.duration_ms,
                cost: case.cost,
                outputs_with_calls: None,
            };
            let (found, reasoning) = match run(kind.name, case.config.get(), &input) {
                Ok(Outcome { score, label, pass, reasoning }) => {
                    ((score, label.into_owned(), pass, None), reasoning)
                }
                Err(failure) => {
                    ((0.0, "fail".to_owned(), false, Some(failure.code.as_str())), failure.message)
                }
            };
            let expect = &case.expect;
            let wanted = (
                expect["score"].as_f64().unwrap(),
                expect["label"].as_str().unwrap().to_owned(),
                expect["pass"].as_bool().unwrap(),
                expect["error"].as_str(),
            );
            let at = format!("{}: {}: {reasoning}", kind.name, case.name);
            assert_eq!(found, wanted, "{at}");
            assert!(!reasoning.is_empty(), "{at}");
            for fact in expect["reasoningHas"].as_array().into_iter().flatten() {
                assert!(reasoning.contains(fact.as_str().unwrap()), "{at}");
            }
        }
    }
}
