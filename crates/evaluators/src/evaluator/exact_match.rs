//! `EXACT_MATCH`: whether the output is what was expected.

use std::borrow::Cow;

use super::check::{Check, Expected, Facts};
use super::config::Config;
use super::content::{Content, content, text, with_case};
use super::json::Json;
use super::limits::MAX_SCAN_BYTES;
use super::outcome::{Failure, Outcome};
use super::words::single_spaces;

struct ExactMatch {
    case_sensitive: bool,
    trim: bool,
    normalize_whitespace: bool,
    expected: Expected,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    Ok(Box::new(ExactMatch {
        case_sensitive: config.flag("case_sensitive", false)?,
        trim: config.flag("trim", true)?,
        normalize_whitespace: config.flag("normalize_whitespace", false)?,
        expected: Expected::of(config),
    }))
}

impl Check for ExactMatch {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        self.expected.with(facts, |expected| {
            if let (Some(output), Some(expected)) = (tree(output), tree(expected)) {
                let mut work = facts.work(MAX_SCAN_BYTES, "The values are too large to compare.");
                let same = output.equals(expected, &mut work)?;
                let found = if same { "equal" } else { "different" };
                return Ok(Outcome::of(same, format!("Compared as JSON values: {found}.")));
            }
            let same = self.compared(output) == self.compared(expected);
            let found = if same { "equals" } else { "differs from" };
            Ok(Outcome::of(same, format!("Output {found} the expected output.")))
        })
    }
}

impl ExactMatch {
    fn compared<'j>(&self, value: &'j Json<'_>) -> Cow<'j, str> {
        let mut text = with_case(text(value), self.case_sensitive);
        if self.trim {
            text = Cow::Owned(text.trim().to_owned());
        }
        if self.normalize_whitespace {
            text = Cow::Owned(single_spaces(&text));
        }
        text
    }
}

/// The content, where it is an object or an array.
fn tree<'j, 'a>(value: &'j Json<'a>) -> Option<&'j Json<'a>> {
    match content(value) {
        Content::Value(value @ (Json::Array(_) | Json::Object(_))) => Some(value),
        _ => None,
    }
}
