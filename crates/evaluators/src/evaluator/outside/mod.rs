//! Evaluators that ask somebody else, as far as that is texts: their configurations, what is
//! sent, and what is read of the reply. Sending is left to others.

pub mod address;
pub mod judge;
pub mod webhook;

use std::borrow::Cow;

use crate::evaluator::json::Json;

/// What is judged. Texts are JSON, as they were sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct JudgedTexts<'a> {
    /// The trace.
    pub trace: &'a str,
    /// The span, where it is one.
    pub span: Option<&'a str>,
    /// What went in.
    pub input: Option<&'a str>,
    /// What came out.
    pub output: Option<&'a str>,
    /// What should have come out.
    pub expected_output: Option<&'a str>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeReply {
    /// 0 to 1.
    pub score: f64,
    /// The score in words.
    pub label: Option<String>,
    /// Why.
    pub reasoning: Option<String>,
}

/// A JSON text, or null where there is none.
fn or_null(json: Option<&str>) -> &str {
    json.unwrap_or("null")
}

fn text_at(json: &Json<'_>, key: &str) -> Option<String> {
    json.member(key).and_then(Json::as_str).map(str::to_owned)
}

/// At most so many characters.
fn first_chars(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => text.get(..end).unwrap_or_default().into(),
        None => text.into(),
    }
}
