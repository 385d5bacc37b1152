//! SIMILARITY: the cosine of the angle between two texts' weighted words, or runs of
//! characters.

use xxhash_rust::xxh3::xxh3_64;

use super::check::{Check, Expected, Facts};
use super::config::Config;
use super::content::text;
use super::json::Json;
use super::limits::MAX_SIMILARITY_BYTES;
use super::outcome::{Code, Failure, Outcome, round};
use super::words::{single_spaces, words};

struct Similarity {
    threshold: f64,
    /// How many characters a token has; none: words.
    ngram: Option<usize>,
    expected: Expected,
}

pub(super) fn build(config: &mut Config<'_>) -> Result<Box<dyn Check>, Failure> {
    let ngrams = config.choice("tokenizer", &[("word", false), ("char_ngram", true)])?;
    let size = config.count("ngram_size", (1.0, 10.0), "an integer from 1 to 10")?.unwrap_or(3.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 1 to 10")]
    let size = size as usize;
    Ok(Box::new(Similarity {
        threshold: config.fraction("threshold")?.unwrap_or(0.7),
        ngram: ngrams.unwrap_or(false).then_some(size),
        expected: Expected::of(config),
    }))
}

impl Check for Similarity {
    fn run(&self, output: &Json<'_>, facts: &Facts<'_>) -> Result<Outcome, Failure> {
        self.expected.with(facts, |expected| {
            let (output, expected) = (text(output), text(expected));
            let bytes = output.len().saturating_add(expected.len());
            if bytes > MAX_SIMILARITY_BYTES {
                let message =
                    format!("Texts of more than {MAX_SIMILARITY_BYTES} bytes are not compared.");
                return Err(Failure::new(Code::TooExpensive, message));
            }
            facts.count(bytes, MAX_SIMILARITY_BYTES);
            let score = round(cosine(&self.tokens(&output), &self.tokens(&expected)));
            let threshold = self.threshold;
            let reasoning = format!("Cosine similarity {score:?}, threshold {threshold}.");
            Ok(Outcome::scored(score, score >= threshold, reasoning))
        })
    }
}

impl Similarity {
    /// The tokens of a text in order, each as its hash: eight bytes instead of a
    /// text. The odds that two of a million are taken for the same are 1 in 37 million.
    fn tokens(&self, text: &str) -> Vec<u64> {
        let text = text.to_lowercase();
        let mut tokens: Vec<u64> = match self.ngram {
            None => words(&text).map(|word| xxh3_64(word.as_bytes())).collect(),
            Some(size) => {
                ngrams(single_spaces(&text).trim(), size).map(|g| xxh3_64(g.as_bytes())).collect()
            }
        };
        tokens.sort_unstable();
        tokens
    }
}

/// All overlapping runs of so many characters; a shorter text that is not empty is one.
fn ngrams(text: &str, size: usize) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(at, _)| at);
    // Of a shorter text the end is the only one.
    let ends = starts.clone().skip(size).chain([text.len()]);
    starts.zip(ends).filter_map(|(start, end)| text.get(start..end))
}

/// The cosine of two lists of tokens in order. A token that both have weighs as often as it
/// is there, one that only one has, times ln(3/2) + 1.
fn cosine(a: &[u64], b: &[u64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() && b.is_empty() { 1.0 } else { 0.0 };
    }
    // Sums of squares of counts are whole, whatever the order: that of the common
    // tokens, then of those of one text alone.
    let (mut both, mut common, mut alone) = (0_u64, [0_u64; 2], [0_u64; 2]);
    let (mut rest_a, mut rest_b) = (runs(a).peekable(), runs(b).peekable());
    loop {
        match (rest_a.peek().copied(), rest_b.peek().copied()) {
            (Some((token, n)), Some((other, m))) if token == other => {
                both += n * m;
                common = [common[0] + n * n, common[1] + m * m];
                rest_a.next();
                rest_b.next();
            }
            (Some((token, n)), other) if other.is_none_or(|(other, _)| token < other) => {
                alone[0] += n * n;
                rest_a.next();
            }
            (_, Some((_, m))) => {
                alone[1] += m * m;
                rest_b.next();
            }
            _ => break,
        }
    }
    let rare = (1.5_f64.ln() + 1.0).powi(2);
    #[expect(clippy::cast_precision_loss, reason = "a body's tokens squared are below 2^53")]
    let [both, norm_a, norm_b] = [
        both as f64,
        common[0] as f64 + rare * alone[0] as f64,
        common[1] as f64 + rare * alone[1] as f64,
    ];
    (both / (norm_a * norm_b).sqrt()).min(1.0)
}

/// Each token and how often it is there.
fn runs(tokens: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    tokens.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len() as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_one_ngram() {
        let of = |text, size| ngrams(text, size).collect::<Vec<_>>();
        assert_eq!(of("abcd", 3), ["abc", "bcd"]);
        assert_eq!(of("ab", 3), ["ab"]);
        assert_eq!(of("é😀", 1), ["é", "😀"]);
        assert!(of("", 3).is_empty());
    }
}
