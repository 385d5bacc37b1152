//! CONTAINS: whether values occur in the text.

use super::check::{Check, Facts};
use super::config::{Config, texts_of};
use super::content::{text, with_case};
use super::json::Json;
use super::limits::MAX_SCAN_BYTES;
use super::outcome::{Failure, Outcome, quote_all};

struct Contains {
    /// As they were given, and as they are compared.
    values: Vec<(String, String)>,
    case_sensitive: bool,
    all: bool,
    negate: bool,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let values = match config.get("value") {
        None => return Err(config.fail("value", "required")),
        Some(Json::String(text)) => Some(vec![text.as_ref()]),
        Some(other) => texts_of(other),
    };
    let values = values.filter(|values| !values.is_empty() && values.iter().all(|v| !v.is_empty()));
    let expected = "expected a string or an array of strings, none of them empty";
    let values = values.ok_or_else(|| config.fail("value", expected))?;
    let case_sensitive = config.flag("case_sensitive", false)?;
    let compared = |value: &str| with_case(value.into(), case_sensitive).into_owned();
    Ok(Box::new(Contains {
        values: values.into_iter().map(|value| (value.to_owned(), compared(value))).collect(),
        case_sensitive,
        all: config.choice("mode", &[("any", false), ("all", true)])?.unwrap_or(false),
        negate: config.flag("negate", false)?,
    }))
}

impl Check for Contains {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let text = with_case(text(output), self.case_sensitive);
        let what = "The text times the number of values is too much.";
        let mut work = facts.work(MAX_SCAN_BYTES, what);
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for (given, value) in &self.values {
            work.spend_bytes(text.len().saturating_add(value.len()))?;
            let list = if text.contains(value.as_str()) { &mut found } else { &mut missing };
            list.push(given.as_str());
        }
        let base = if self.all { missing.is_empty() } else { !found.is_empty() };
        let (found, missing) = (quote_all(found), quote_all(missing));
        Ok(Outcome::of(base != self.negate, format!("Found: {found}; not found: {missing}.")))
    }
}
