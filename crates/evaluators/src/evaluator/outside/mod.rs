//! Evaluators that ask somebody else, as far as that is texts: their configurations, what is
//! sent, and what is read of the reply. Sending is left to others.

pub mod address;
pub mod judge;
pub mod webhook;

use std::borrow::Cow;

use crate::evaluator::Failure;
use crate::evaluator::json::{Json, Object};

/// What is judged. Texts are JSON, as they were sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exchange<'a> {
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
pub struct Reply {
    /// 0 to 1.
    pub score: f64,
    /// The score in words.
    pub label: Option<String>,
    /// Why.
    pub reasoning: Option<String>,
}

/// The configuration of one, an object's JSON text.
fn read_config(json: &str) -> Result<Json<'_>, Failure> {
    let json = Json::read_string(json)?.unwrap_or(Json::Null);
    match json {
        Json::Object(_) => Ok(json),
        _ => Err(Failure::config("config", "expected an object")),
    }
}

fn object<'j, 'a>(json: &'j Json<'a>) -> Option<&'j Object<'a>> {
    match json {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

/// A JSON text, or null where there is none.
fn or_null(json: Option<&str>) -> &str {
    json.unwrap_or("null")
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
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
