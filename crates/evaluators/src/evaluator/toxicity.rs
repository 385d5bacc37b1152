//! TOXICITY: phrases that nobody should be told, and an installation's own.

use std::collections::HashSet;

use super::check::{Check, Facts};
use super::config::Config;
use super::content::text;
use super::json::Json;
use super::lexicon::lexicon;
use super::limits::MAX_SCAN_BYTES;
use super::outcome::{Failure, Outcome, quote_all, round};
use super::phrase::{is_in, normal};

struct Toxicity {
    phrases: Vec<String>,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let own = config.texts("custom_words")?.unwrap_or_default();
    if own.iter().any(|word| word.trim().is_empty()) {
        return Err(config.fail("custom_words", "expected strings that are not blank"));
    }
    let strict = config.choice("severity", &[("strict", true), ("moderate", false)])?;
    let lists = &lexicon().toxicity;
    let moderate: &[String] = if strict.unwrap_or(false) { &[] } else { &lists.moderate };
    let known = lists.strict.iter().chain(moderate).map(String::as_str);
    let mut seen = HashSet::new();
    let mut phrases = Vec::new();
    for phrase in known.chain(own).map(normal) {
        if seen.insert(phrase.clone()) {
            phrases.push(phrase);
        }
    }
    Ok(Box::new(Toxicity { phrases }))
}

impl Check for Toxicity {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let text = normal(&text(output));
        let what = "The text times the number of phrases is too much.";
        let mut work = facts.work(MAX_SCAN_BYTES, what);
        let mut matched = Vec::new();
        for phrase in &self.phrases {
            if is_in(phrase, &text, &mut work)? {
                matched.push(phrase.as_str());
            }
        }
        if matched.is_empty() {
            return Ok(Outcome::of(true, "No pattern matched."));
        }
        #[expect(clippy::cast_precision_loss, reason = "a body has less than 2^53 words")]
        let share = matched.len() as f64 / self.phrases.len() as f64;
        let reasoning = format!("Matched: {}.", quote_all(matched));
        Ok(Outcome::scored(round(1.0 - share).min(0.99), false, reasoning))
    }
}
