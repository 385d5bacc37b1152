//! LEVENSHTEIN: how many characters would have to be changed, added or taken away.

use rapidfuzz::distance::levenshtein::distance;

use super::check::{Check, Expected, Facts};
use super::config::Config;
use super::content::{text, with_case};
use super::json::Json;
use super::limits::MAX_DISTANCE_CHARS;
use super::outcome::{Code, Failure, Outcome, round};

struct Levenshtein {
    threshold: f64,
    case_sensitive: bool,
    expected: Expected,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    Ok(Box::new(Levenshtein {
        threshold: config.fraction("threshold")?.unwrap_or(0.7),
        case_sensitive: config.flag("case_sensitive", false)?,
        expected: Expected::of(config),
    }))
}

impl Check for Levenshtein {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        self.expected.with(facts, |expected| {
            let (a, b) = (self.characters(output)?, self.characters(expected)?);
            let (longer, threshold) = (a.len().max(b.len()), self.threshold);
            let cost = a.len().saturating_mul(b.len());
            facts.count(cost, MAX_DISTANCE_CHARS * MAX_DISTANCE_CHARS);
            let edits = distance(a.iter().copied(), b.iter().copied());
            #[expect(clippy::cast_precision_loss, reason = "both are at most 40,000")]
            let score = round(1.0 - edits as f64 / longer.max(1) as f64);
            let reasoning = format!(
                "Edit distance {edits} over {longer} characters; similarity {score:?}, threshold {threshold}."
            );
            Ok(Outcome::scored(score, score >= threshold, reasoning))
        })
    }
}

impl Levenshtein {
    fn characters(&self, value: &Json<'_>) -> Result<Vec<char>, Failure> {
        let text = text(value);
        if text.chars().nth(MAX_DISTANCE_CHARS).is_some() {
            let message =
                format!("Texts of more than {MAX_DISTANCE_CHARS} characters are not compared.");
            return Err(Failure::new(Code::TooExpensive, message));
        }
        Ok(with_case(text, self.case_sensitive).chars().collect())
    }
}
