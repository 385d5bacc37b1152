//! `POST /api/v1/validate`: outputs judged while the agent waits, and before anybody sees
//! them. Nothing is asked of anybody, and nothing is kept.
//!
//! The published client takes any failure for a pass. So only a request that nobody could
//! have meant is refused; what is wrong with one evaluator fails that evaluator.

use std::borrow::Cow;

use evaluators::evaluator::{Code, EvaluatorType, Facts, Failure, Input, Meter, Outcome};
use serde::Serialize;

use super::request;
use super::request::Problems;
use crate::error::{Error, Reject};
use crate::json::descend;
use crate::json::error::SyntaxError;
use crate::json::value::{Kind, Value};
use crate::limits::MAX_EVALUATORS_ASKED;

/// Judges: the `data` of the answer.
///
/// # Errors
/// 400 for a request that is not what it should be.
pub fn validate(body: &[u8]) -> Result<String, Error> {
    let request = Request::read(request::text(body)?)?;
    let facts = Facts::of(request.input, &Meter::default());
    let results: Vec<_> = request.items.iter().map(|item| item.judge(&facts)).collect();
    let mut passes = results.iter().map(|result| result.pass);
    let pass =
        if request.all_must_fail { passes.any(|pass| pass) } else { passes.all(|pass| pass) };
    // A Worker's clock stands still while it computes.
    super::to_json(&Answer { pass, results, latency_ms: 0 })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'r> {
    pass: bool,
    results: Vec<ItemResult<'r>>,
    latency_ms: u32,
}

#[derive(Serialize)]
struct ItemResult<'r> {
    r#type: &'static str,
    name: Option<&'r str>,
    score: f64,
    label: Cow<'static, str>,
    pass: bool,
    reasoning: String,
    error: Option<ItemError>,
}

#[derive(Serialize)]
struct ItemError {
    code: &'static str,
    message: String,
}

/// An evaluator that is asked, with its configuration as it was sent.
struct Item<'t> {
    kind: &'static EvaluatorType,
    config: Option<&'t str>,
    name: Option<Cow<'t, str>>,
}

impl Item<'_> {
    fn judge(&self, facts: &Facts<'_>) -> ItemResult<'_> {
        let (outcome, error) = match self.kind.judge(self.config, facts) {
            Ok(outcome) => (outcome, None),
            Err(Failure { code, message }) => {
                let reasoning = message.clone();
                let outcome = Outcome { score: 0.0, label: "fail".into(), pass: false, reasoning };
                (outcome, Some(ItemError { code: Code::as_str(code), message }))
            }
        };
        let Outcome { score, label, pass, reasoning } = outcome;
        let (r#type, name) = (self.kind.name, self.name.as_deref());
        ItemResult { r#type, name, score, label, pass, reasoning, error }
    }
}

/// What is asked.
struct Request<'t> {
    input: Input<'t>,
    items: Vec<Item<'t>>,
    /// Whether one pass is enough.
    all_must_fail: bool,
}

impl<'t> Request<'t> {
    fn read(text: &'t str) -> Result<Self, Reject> {
        let mut problems = Problems::of(text);
        let mut request = Self { input: Input::default(), items: Vec::new(), all_must_fail: false };
        let (mut list, mut fail_mode) = (None, None);
        let (mut duration_ms, mut cost) = (None, None);
        request::object(text, |key, value| match key {
            "output" => request.input.output = value.map(|value| value.raw(text)),
            "expectedOutput" | "expected_output" => {
                request.input.expected_output = value.map(|value| value.raw(text));
            }
            "durationMs" | "duration_ms" => duration_ms = value,
            "cost" => cost = value,
            "failMode" | "fail_mode" => fail_mode = value,
            "evaluators" => list = value,
            _ => {}
        })?;
        match list {
            Some(list) if list.kind() == Kind::Array => {
                let items = read_items(text, list, &mut problems);
                request.items = items.map_err(|error| error.into_reject(text))?;
            }
            Some(list) => problems.expected("evaluators", "an array", list),
            None => problems.add("evaluators", "required"),
        }
        match fail_mode.map(|mode| (mode, mode.text(text))) {
            None => {}
            Some((_, Some(mode))) if mode == "any" => {}
            Some((_, Some(mode))) if mode == "all" => request.all_must_fail = true,
            Some((mode, _)) => problems.expected("failMode", "any or all", mode),
        }
        request.input.duration_ms = read_measure("durationMs", duration_ms, &mut problems);
        request.input.cost = read_measure("cost", cost, &mut problems);
        problems.into_result(request)
    }
}

/// A number that is not negative.
fn read_measure(path: &str, value: Option<Value>, problems: &mut Problems<'_>) -> Option<f64> {
    let value = value?;
    let number = Some(value).filter(|value| value.kind() == Kind::Number);
    let number: Option<f64> = number.and_then(|value| value.raw(problems.text).parse().ok());
    let number = number.filter(|number| number.is_finite() && *number >= 0.0);
    if number.is_none() {
        problems.expected(path, "a number of at least 0", value);
    }
    number
}

/// The evaluators that are asked, in their order.
fn read_items<'t>(
    text: &'t str,
    list: Value,
    problems: &mut Problems<'t>,
) -> Result<Vec<Item<'t>>, SyntaxError> {
    let (mut items, mut count) = (Vec::new(), 0_usize);
    descend::array(text, list.range().start, 1, &mut |at| {
        let value = descend::value(text, at, 2)?;
        if count < MAX_EVALUATORS_ASKED {
            items.extend(read_item(text, count, value, problems)?);
        }
        count += 1;
        Ok(value.range().end)
    })?;
    if count == 0 || count > MAX_EVALUATORS_ASKED {
        problems.add("evaluators", &format!("expected 1 to {MAX_EVALUATORS_ASKED}, found {count}"));
    }
    Ok(items)
}

/// One of them; `None` and a problem more where it is none.
fn read_item<'t>(
    text: &'t str,
    place: usize,
    value: Value,
    problems: &mut Problems<'t>,
) -> Result<Option<Item<'t>>, SyntaxError> {
    let at = |key: &str| format!("evaluators[{place}]{key}");
    if value.kind() != Kind::Object {
        problems.expected(&at(""), "an object", value);
        return Ok(None);
    }
    let (mut kind, mut config, mut name) = (None, None, None);
    request::members(text, value, 2, &mut |key, value| match key {
        "type" => kind = value,
        "config" => config = value,
        "name" => name = value,
        _ => {}
    })?;
    if let Some(config) = config.filter(|config| config.kind() != Kind::Object) {
        problems.expected(&at(".config"), "an object", config);
    }
    let text_of = |value: Option<Value>| value.and_then(|value| value.text(text));
    if let (Some(value), None) = (name, text_of(name)) {
        problems.expected(&at(".name"), "a string", value);
    }
    let Some(value) = kind else {
        problems.add(&at(".type"), "required");
        return Ok(None);
    };
    let Some(kind) = text_of(kind).and_then(|kind| EvaluatorType::find(&kind)) else {
        problems.expected(&at(".type"), "a type of evaluator that asks nobody", value);
        return Ok(None);
    };
    Ok(Some(Item { kind, config: config.map(|config| config.raw(text)), name: text_of(name) }))
}
