//! `STARTS_WITH` and `ENDS_WITH`.

use super::check::{Check, Facts};
use super::config::Config;
use super::content::{text, with_case};
use super::json::Json;
use super::outcome::{Failure, Outcome};

struct Affix {
    at_end: bool,
    value: String,
    case_sensitive: bool,
    trim: bool,
}

pub(super) fn build_starts_with(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    build(config, false)
}

pub(super) fn build_ends_with(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    build(config, true)
}

fn build(config: &mut Config<'_>, at_end: bool) -> Result<Box<dyn Check>, Failure> {
    let value = config.required_text("value")?;
    let case_sensitive = config.flag("case_sensitive", false)?;
    let trim = config.flag("trim", true)?;
    let value = if trim { value.trim() } else { value };
    if value.is_empty() {
        return Err(config.fail("value", "expected a string that is not empty"));
    }
    let value = with_case(value.into(), case_sensitive).into_owned();
    Ok(Box::new(Affix { at_end, value, case_sensitive, trim }))
}

impl Check for Affix {
    fn run(&self, output: &Json<'_>, _: &Facts<'_>) -> Result<Outcome, Failure> {
        let text = with_case(text(output), self.case_sensitive);
        let text = if self.trim { text.trim() } else { &text };
        let value = self.value.as_str();
        let (pass, reasoning) = match (self.at_end, text.starts_with(value), text.ends_with(value))
        {
            (false, true, _) => (true, "Output starts with the prefix."),
            (false, false, _) => (false, "Output does not start with the prefix."),
            (true, _, true) => (true, "Output ends with the suffix."),
            (true, _, false) => (false, "Output does not end with the suffix."),
        };
        Ok(Outcome::of(pass, reasoning))
    }
}
