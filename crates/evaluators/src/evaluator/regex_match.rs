//! `REGEX_MATCH`: whether a pattern is found anywhere in the text.

use super::check::{Check, Facts};
use super::config::Config;
use super::content::text;
use super::json::Json;
use super::limits::{MAX_PATTERN_TEXT_CHARS, MAX_SEARCH_COST};
use super::outcome::{Code, Failure, Outcome};
use super::pattern::{Flags, Pattern};

struct RegexMatch {
    pattern: Pattern,
    negate: bool,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let pattern = config.required_text("pattern")?;
    let mut flags = Flags::default();
    for flag in config.text("flags")?.unwrap_or("i").chars() {
        match flag {
            'i' => flags.ignore_case = true,
            'm' => flags.multi_line = true,
            's' => flags.dot_all = true,
            'g' | 'u' => {}
            _ => return Err(config.fail("flags", "expected some of i, m, s, g, u")),
        }
    }
    let pattern = Pattern::parse(pattern, flags).map_err(|why| config.fail("pattern", &why))?;
    config.add_program(pattern.program_bytes);
    Ok(Box::new(RegexMatch { pattern, negate: config.flag("negate", false)? }))
}

impl Check for RegexMatch {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let text = text(output);
        if text.chars().nth(MAX_PATTERN_TEXT_CHARS).is_some() {
            let message =
                format!("Texts of more than {MAX_PATTERN_TEXT_CHARS} characters are not searched.");
            return Err(Failure::new(Code::TooExpensive, message));
        }
        if !self.pattern.may_search(text.len()) {
            let message = "The pattern is too large for a text of this length.";
            return Err(Failure::new(Code::TooExpensive, message));
        }
        facts.meter().count(self.pattern.cost(text.len()), MAX_SEARCH_COST);
        let found = self.pattern.regex.find(&text).map(|found| found.start());
        let before = found.map(|start| text.get(..start).unwrap_or_default().chars().count());
        let reasoning = match before {
            Some(at) => format!("Pattern matched at character {at}."),
            None => "Pattern did not match.".into(),
        };
        Ok(Outcome::of(found.is_some() != self.negate, reasoning))
    }
}
