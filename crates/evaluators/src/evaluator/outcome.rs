//! What a run comes to: a score with its reasons, or why there is none.

use std::borrow::Cow;

use super::limits::{MAX_QUOTED_CHARS, MAX_REASONING_CHARS};

/// What an evaluator says of an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// 0 to 1.
    pub score: f64,
    /// `pass` or `fail`, or an evaluator's own.
    pub label: Cow<'static, str>,
    /// Whether that is good enough.
    pub pass: bool,
    /// Why, for people; never empty.
    pub reasoning: String,
}

impl Outcome {
    /// A pass or a fail with a score of its own.
    pub(crate) fn scored(score: f64, pass: bool, reasoning: impl Into<String>) -> Self {
        let label = Cow::Borrowed(if pass { "pass" } else { "fail" });
        Self { score, label, pass, reasoning: bounded(reasoning.into()) }
    }

    /// All or nothing.
    pub(crate) fn of(pass: bool, reasoning: impl Into<String>) -> Self {
        Self::scored(if pass { 1.0 } else { 0.0 }, pass, reasoning)
    }
}

/// Why there is no score, as clients match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The configuration is not what it should be.
    InvalidConfig,
    /// What it would be compared with was not given.
    MissingInput,
    /// It would take longer than a run may.
    TooExpensive,
}

impl Code {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidConfig => "INVALID_CONFIG",
            Self::MissingInput => "MISSING_INPUT",
            Self::TooExpensive => "TOO_EXPENSIVE",
        }
    }
}

/// Why there is no score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub code: Code,
    /// For people; never empty.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: bounded(message.into()) }
    }

    /// Something that the configuration has at a place, or has not.
    pub(crate) fn config(place: &str, what: &str) -> Self {
        Self::new(Code::InvalidConfig, format!("Invalid config: {place}: {what}"))
    }

    /// Something to compare with was not given.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(Code::MissingInput, format!("No {what} to compare with."))
    }
}

/// Nearest hundredth, halves upwards.
pub(crate) fn round(x: f64) -> f64 {
    (x * 100.0 + 0.5).floor() / 100.0
}

/// A text of a client's as a reasoning quotes it.
pub(crate) fn quote(text: &str) -> Cow<'_, str> {
    cut(text, MAX_QUOTED_CHARS)
}

/// Several of them, joined.
pub(crate) fn quote_all<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut all = String::new();
    for text in texts {
        // The rest of it would be cut off.
        if all.len() > MAX_REASONING_CHARS * 4 {
            break;
        }
        let comma = if all.is_empty() { "" } else { ", " };
        all.push_str(comma);
        all.push('\'');
        all.push_str(&quote(text));
        all.push('\'');
    }
    if all.is_empty() { "none".into() } else { all }
}

fn bounded(text: String) -> String {
    match cut(&text, MAX_REASONING_CHARS) {
        Cow::Borrowed(_) => text,
        Cow::Owned(cut) => cut,
    }
}

/// At most so many characters, with a sign that there were more.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
