//! `TOOL_CALL_VALIDATION`: whether a model called what it may, as it should.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::check::{Check, Facts};
use super::config::{Config, texts_of};
use super::json::{Json, Object};
use super::limits::MAX_REASONING_CHARS;
use super::outcome::{Code, Failure, Outcome, quote};
use super::schema::{Budget, Checking, Compiling, Schema, check, compile};

struct ToolCallValidation {
    allowed: Option<HashSet<String>>,
    required: HashMap<String, Vec<String>>,
    schemas: HashMap<String, Schema>,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<String>>();
    let allowed = config.texts("allowed_functions")?;
    let mut required = HashMap::new();
    if let Some(functions) = config.object("required_params")? {
        for (function, names) in functions.iter() {
            let names = texts_of(names).ok_or_else(|| {
                config.fail("required_params", "expected an array of strings for each function")
            })?;
            required.insert(function.to_owned(), owned(names));
        }
    }
    let mut schemas = HashMap::new();
    let mut compiling = Compiling::default();
    for (function, schema) in config.object("schema")?.into_iter().flat_map(Object::iter) {
        let schema = compiling.at("schema", |c| c.at(function, |c| compile(schema, c)))?;
        schemas.insert(function.to_owned(), schema);
    }
    config.add_program(compiling.program_bytes);
    Ok(Box::new(ToolCallValidation {
        allowed: allowed.map(|names| owned(names).into_iter().collect()),
        required,
        schemas,
    }))
}

/// A call, as some provider writes it.
struct Call<'j, 'a> {
    name: Option<&'j str>,
    arguments: Option<&'j Json<'a>>,
}

/// What arguments are called, the first that is there counts.
const ARGUMENTS: [&str; 5] = ["arguments", "params", "parameters", "args", "input"];

/// What has the name and the arguments inside.
const FUNCTIONS: [&str; 2] = ["function", "function_call"];

impl Check for ToolCallValidation {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let (of_spans, mut budget) = (facts.outputs_with_calls()?, Budget::new(facts.meter()));
        let (mut calls, mut problems) = (0_usize, Problems::default());
        let outputs = of_spans.unwrap_or(std::slice::from_ref(output));
        for output in outputs {
            let inside = match output {
                Json::String(text) => Json::read_string(text)?,
                _ => None,
            };
            let mut found = Vec::new();
            find_calls(inside.as_ref().unwrap_or(output), true, &mut found);
            for call in found {
                self.check(calls, &call, &mut problems, &mut budget)?;
                calls += 1;
            }
        }
        Ok(match (calls, problems.count) {
            (0, _) if of_spans.is_some() => {
                return Err(Failure::new(Code::MissingInput, "No tool calls found."));
            }
            (0, _) => Outcome::of(false, "No tool calls found in the output."),
            (_, 0) => Outcome::of(true, format!("{calls} tool call(s) valid.")),
            _ => Outcome::of(false, problems.text),
        })
    }
}

impl ToolCallValidation {
    fn check(
        &self,
        at: usize,
        call: &Call<'_, '_>,
        problems: &mut Problems,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        let Some(name) = call.name.filter(|name| !name.is_empty()) else {
            problems.add(at, || "has no name".into());
            return Ok(());
        };
        let shown = quote(name);
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(name)) {
            problems.add(at, || format!("{shown} is not allowed"));
        }
        let parsed;
        let none = Json::Object(Box::default());
        let arguments = match call.arguments {
            None => &none,
            Some(Json::String(text)) => {
                parsed = Json::read_string(text)?;
                let Some(parsed) = &parsed else {
                    problems.add(at, || format!("{shown}: arguments are not valid JSON"));
                    return Ok(());
                };
                parsed
            }
            Some(other) => other,
        };
        if !matches!(arguments, Json::Object(_)) {
            problems.add(at, || format!("{shown}: arguments are not an object"));
            return Ok(());
        }
        for parameter in self.required.get(name).into_iter().flatten() {
            budget.steps.spend(1)?;
            if arguments.member(parameter).is_none() {
                let parameter = quote(parameter);
                problems.add(at, || format!("{shown}: required parameter {parameter} is missing"));
            }
        }
        if let Some(schema) = self.schemas.get(name) {
            let mut checking = Checking::new(budget);
            check(schema, arguments, &mut checking)?;
            for error in checking.errors {
                problems.add(at, || format!("{shown}: {error}"));
            }
        }
        Ok(())
    }
}

/// What is wrong with the calls, as one text.
#[derive(Default)]
struct Problems {
    count: usize,
    text: String,
}

impl Problems {
    fn add(&mut self, call: usize, what: impl FnOnce() -> String) {
        self.count += 1;
        // The rest of it would be cut off.
        if self.text.len() <= MAX_REASONING_CHARS * 4 {
            let comma = if self.text.is_empty() { "" } else { "; " };
            self.text.push_str(comma);
            let _ = write!(self.text, "call {call}: {}", what());
        }
    }
}

/// The calls in an output of any provider's shape.
fn find_calls<'j, 'a>(value: &'j Json<'a>, list: bool, calls: &mut Vec<Call<'j, 'a>>) {
    if let (Json::Array(items), true) = (value, list) {
        for item in items {
            find_calls(item, false, calls);
        }
        return;
    }
    let array = |key: &str| value.member(key).and_then(Json::as_array);
    if let Some(choices) = array("choices") {
        if let Some(message) = choices.first().and_then(|choice| choice.member("message")) {
            find_calls_of_message(message, calls);
        }
        return;
    }
    find_calls_of_message(value, calls);
}

fn find_calls_of_message<'j, 'a>(value: &'j Json<'a>, calls: &mut Vec<Call<'j, 'a>>) {
    let array = |key: &str| value.member(key).and_then(Json::as_array);
    if let Some(all) = array("tool_calls") {
        calls.extend(all.iter().map(call_of));
    } else if let Some(parts) = array("content") {
        let uses = parts.iter().filter(|part| type_of(part) == Some("tool_use"));
        calls.extend(uses.map(call_of));
    } else {
        calls.extend(single_call(value));
    }
}

/// The call that a value is, if it is one.
fn single_call<'j, 'a>(value: &'j Json<'a>) -> Option<Call<'j, 'a>> {
    let wrapped = FUNCTIONS.iter().any(|key| matches!(value.member(key), Some(Json::Object(_))));
    let typed = matches!(type_of(value), Some("function" | "tool_use" | "tool_call"));
    let named = value.member("name").and_then(Json::as_str).is_some();
    let has_arguments = ARGUMENTS.iter().any(|key| has(value, key));
    (wrapped || (named && (typed || has_arguments))).then(|| call_of(value))
}

/// What is known to be a call.
fn call_of<'j, 'a>(value: &'j Json<'a>) -> Call<'j, 'a> {
    let object = |key: &&str| value.member(key).filter(|inner| matches!(inner, Json::Object(_)));
    let value = FUNCTIONS.iter().find_map(object).unwrap_or(value);
    Call {
        name: value.member("name").and_then(Json::as_str),
        arguments: ARGUMENTS.iter().find_map(|key| value.member(key)),
    }
}

fn type_of<'j>(value: &'j Json<'_>) -> Option<&'j str> {
    value.member("type").and_then(Json::as_str)
}

fn has(value: &Json<'_>, key: &str) -> bool {
    matches!(value, Json::Object(object) if object.get(key).is_some())
}
