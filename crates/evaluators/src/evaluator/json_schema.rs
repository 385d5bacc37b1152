//! `JSON_SCHEMA`: whether the output is JSON, and what a schema asks for.

use super::check::{Check, Facts};
use super::config::Config;
use super::content::{Content, content};
use super::json::Json;
use super::outcome::{Failure, Outcome};
use super::schema::{Budget, Checking, Compiling, Schema, check, compile};

struct JsonSchema {
    schema: Schema,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let schema = config.get("schema").ok_or_else(|| config.fail("schema", "required"))?;
    if !matches!(schema, Json::Object(_)) {
        return Err(config.fail("schema", "expected an object"));
    }
    let mut compiling = Compiling::default();
    let schema = compiling.at("schema", |compiling| compile(schema, compiling))?;
    config.add_program(compiling.program_bytes);
    Ok(Box::new(JsonSchema { schema }))
}

impl Check for JsonSchema {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let content = content(output);
        let inside = match &content {
            Content::Text(text) => Json::read_string(text)?,
            Content::Value(_) => None,
        };
        let value = match (&content, &inside) {
            (Content::Value(value), _) => value,
            (Content::Text(_), Some(value)) => value,
            (Content::Text(_), None) => return Ok(Outcome::of(false, "Output is not valid JSON.")),
        };
        let mut budget = Budget::new(facts.meter());
        let mut checking = Checking::new(&mut budget);
        let fits = check(&self.schema, value, &mut checking)?;
        let reasoning =
            if fits { "Output matches the schema.".into() } else { checking.errors.join("; ") };
        Ok(Outcome::of(fits, reasoning))
    }
}
