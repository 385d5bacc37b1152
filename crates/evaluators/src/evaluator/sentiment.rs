//! SENTIMENT: which feeling a text's words speak of, by a list of words.

use super::check::{Check, Facts};
use super::config::Config;
use super::content::text;
use super::json::Json;
use super::lexicon::lexicon;
use super::limits::MAX_SENTIMENT_BYTES;
use super::outcome::{Failure, Outcome, round};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feeling {
    Positive,
    Negative,
    Neutral,
}

impl Feeling {
    fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
        }
    }
}

struct Sentiment {
    target: Feeling,
    threshold: f64,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let all = [Feeling::Positive, Feeling::Negative, Feeling::Neutral];
    let target = config.choice("target", &all.map(|feeling| (feeling.as_str(), feeling)))?;
    let target = target.ok_or_else(|| config.fail("target", "required"))?;
    let threshold = config.fraction("threshold")?.unwrap_or(0.6);
    Ok(Box::new(Sentiment { target, threshold }))
}

impl Check for Sentiment {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        let text = text(output);
        facts.count(text.len(), MAX_SENTIMENT_BYTES);
        let (positive, negative) = count(&text);
        let (feeling, confidence) = detect(positive, negative);
        let pass = feeling == self.target && confidence >= self.threshold;
        let (feeling, shown) = (feeling.as_str(), round(confidence));
        let reasoning = format!(
            "Detected {feeling} ({positive} positive, {negative} negative), confidence {shown:?}."
        );
        Ok(Outcome::of(pass, reasoning))
    }
}

fn detect(positive: u32, negative: u32) -> (Feeling, f64) {
    let (p, n) = (f64::from(positive), f64::from(negative));
    let all = p + n;
    if all < 1.0 {
        (Feeling::Neutral, 1.0)
    } else if p / all > 0.6 {
        (Feeling::Positive, p / all)
    } else if n / all > 0.6 {
        (Feeling::Negative, n / all)
    } else {
        (Feeling::Neutral, 1.0 - (p - n).abs() / all)
    }
}

/// How many words speak of something good, and how many of something bad.
fn count(text: &str) -> (u32, u32) {
    let lists = &lexicon().sentiment;
    let has = |list: &[String], word: &str| list.iter().any(|known| known == word);
    let text = text.to_lowercase().replace('’', "'");
    let (mut positive, mut negative) = (0, 0);
    for clause in text.split(['.', '!', '?', ';', '\n']) {
        // Whether each of the three words before turns around.
        let mut turned = [false; 3];
        for word in words(clause) {
            let good = has(&lists.positive, word);
            if good || has(&lists.negative, word) {
                let count =
                    if good == turned.contains(&true) { &mut negative } else { &mut positive };
                *count += 1;
            }
            let turns = has(&lists.negators, word) || word.ends_with("n't");
            turned = [turned[1], turned[2], turns];
        }
    }
    (positive, negative)
}

/// Runs of letters, with single apostrophes between letters.
fn words(clause: &str) -> impl Iterator<Item = &str> {
    let runs = clause.split(|c: char| !(c.is_alphabetic() || c == '\''));
    runs.flat_map(|run| run.split("''"))
        .map(|run| run.trim_matches('\''))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_single_apostrophes_inside() {
        let of = |clause| words(clause).collect::<Vec<_>>();
        assert_eq!(of("'it isn't, a''b '' c'''d' 3pm"), ["it", "isn't", "a", "b", "c", "d", "pm"]);
    }

    #[test]
    fn negators_reach_over_three_words_of_their_clause() {
        for (text, expected) in [
            ("not good", (0, 1)),
            ("not a b good", (0, 1)),
            ("not a b c good", (1, 0)),
            ("never not good", (0, 1)),
            ("isn’t bad", (1, 0)),
            ("no. good", (1, 0)),
            ("no, good", (0, 1)),
        ] {
            assert_eq!(count(text), expected, "{text}");
        }
    }
}
