//! The word lists that fix SENTIMENT, TOXICITY and the complexity of an input: they are part
//! of what the API promises, and embedded as they are.

use std::sync::OnceLock;

use serde::Deserialize;

/// The lists.
#[derive(Debug, Default, Deserialize)]
pub struct Lexicon {
    /// Of SENTIMENT.
    pub sentiment: Sentiment,
    /// Of TOXICITY.
    pub toxicity: Toxicity,
    /// Of the choice of a model.
    pub routing: Routing,
}

/// Words that say how somebody feels, and words that turn those around.
#[derive(Debug, Default, Deserialize)]
pub struct Sentiment {
    /// Good.
    pub positive: Vec<String>,
    /// Bad.
    pub negative: Vec<String>,
    /// Turn around what follows.
    pub negators: Vec<String>,
}

/// Phrases that nobody should be told.
#[derive(Debug, Default, Deserialize)]
pub struct Toxicity {
    /// Threats.
    pub strict: Vec<String>,
    /// Insults.
    pub moderate: Vec<String>,
}

/// Phrases that ask for thinking.
#[derive(Debug, Default, Deserialize)]
pub struct Routing {
    /// Ask for reasons.
    pub reasoning: Vec<String>,
    /// Ask for a comparison.
    pub comparative: Vec<String>,
}

/// The lists, read once.
#[must_use]
pub fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(|| serde_json::from_str(include_str!("lexicon.json")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_there_and_in_lower_case() {
        let Lexicon { sentiment, toxicity, routing } = lexicon();
        for (list, length) in [
            (&sentiment.positive, 46),
            (&sentiment.negative, 54),
            (&sentiment.negators, 10),
            (&toxicity.strict, 16),
            (&toxicity.moderate, 26),
            (&routing.reasoning, 17),
            (&routing.comparative, 11),
        ] {
            assert_eq!(list.len(), length, "{list:?}");
            assert!(list.iter().all(|word| *word == word.to_lowercase()));
        }
    }
}
