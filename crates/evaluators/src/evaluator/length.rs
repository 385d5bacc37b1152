//! LENGTH: how many characters or words the text has.

use super::check::{Check, Facts};
use super::config::Config;
use super::content::text;
use super::json::Json;
use super::outcome::{Failure, Outcome};

struct Length {
    min: f64,
    max: Option<f64>,
    words: bool,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let (any, expected) = ((0.0, f64::MAX), "an integer of at least 0");
    let min = config.count("min", any, expected)?.unwrap_or(0.0);
    let max = config.count("max", any, expected)?;
    if max.is_some_and(|max| max < min) {
        return Err(config.fail("max", "less than min"));
    }
    let words = config.choice("unit", &[("chars", false), ("words", true)])?.unwrap_or(false);
    Ok(Box::new(Length { min, max, words }))
}

impl Check for Length {
    fn run(&self, output: &Json<'_>, _: &Facts<'_>) -> Result<Outcome, Failure> {
        let text = text(output);
        let (count, unit) = if self.words {
            (text.split_whitespace().count(), "words")
        } else {
            (text.chars().count(), "chars")
        };
        // A text of 2^53 characters would not be one.
        #[expect(clippy::cast_precision_loss, reason = "counts of a body's characters are small")]
        let n = count as f64;
        let pass = n >= self.min && self.max.is_none_or(|max| n <= max);
        let (min, max) = (self.min, self.max.map_or("any number".into(), |max| max.to_string()));
        Ok(Outcome::of(pass, format!("{count} {unit}; expected {min} to {max}.")))
    }
}
