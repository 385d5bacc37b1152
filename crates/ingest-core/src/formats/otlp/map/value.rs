//! Values of attributes as text, numbers and JSON.

use std::borrow::Cow;

use crate::formats::otlp::span::AnyValue;
use crate::json::number;
use crate::json::scan;
use crate::limits::MAX_TOKENS;
use crate::model::{Json, Text};

/// Which texts are JSON. Lists and maps always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parse {
    /// Every text that can be read as JSON.
    Always,
    /// Texts that begin as an object or an array does.
    Structured,
    /// None: a text is a text.
    Never,
}

/// A value as JSON: text that is JSON already is passed on as it is.
pub(super) fn to_json<'a>(value: &AnyValue<'a>, parse: Parse) -> Json<'a> {
    if let AnyValue::Text(text) = value
        && is_json(text, parse)
    {
        return text.clone();
    }
    let mut json = String::new();
    push_json(&mut json, value);
    json.into()
}

/// Whether a text is JSON, by this rule.
pub(super) fn is_json(text: &str, parse: Parse) -> bool {
    let begins = || text.trim_start().starts_with(['{', '[']);
    let may_be = match parse {
        Parse::Always => true,
        Parse::Structured => begins(),
        Parse::Never => false,
    };
    let whole = || {
        let value = scan::value(text.as_bytes(), 0, 0).ok()?;
        scan::end(text.as_bytes(), value.range().end).ok()
    };
    may_be && whole().is_some()
}

/// Writes a value as JSON in which texts are texts.
pub(super) fn push_json(json: &mut String, value: &AnyValue<'_>) {
    match value {
        AnyValue::Empty => json.push_str("null"),
        AnyValue::Text(text) => push_text(json, text),
        AnyValue::Bool(bool) => json.push_str(if *bool { "true" } else { "false" }),
        AnyValue::Int(int) => json.push_str(&int.to_string()),
        AnyValue::Double(double) => match serde_json::Number::from_f64(*double) {
            Some(number) => json.push_str(&number.to_string()),
            None => push_text(json, &double.to_string()),
        },
        AnyValue::List(items) => {
            push_list(json, items.iter(), push_json);
        }
        AnyValue::Map(pairs) => {
            let mut first = true;
            json.push('{');
            for (key, value) in pairs {
                push_key(json, key, &mut first);
                push_json(json, value);
            }
            json.push('}');
        }
    }
}

/// Writes an array.
pub(super) fn push_list<T>(
    json: &mut String,
    items: impl Iterator<Item = T>,
    mut push: impl FnMut(&mut String, T),
) {
    json.push('[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            json.push(',');
        }
        push(json, item);
    }
    json.push(']');
}

/// Writes a key of an object, after a comma where it is not the first.
pub(super) fn push_key(json: &mut String, key: &str, first: &mut bool) {
    if !std::mem::take(first) {
        json.push(',');
    }
    push_text(json, key);
    json.push(':');
}

/// Writes a text.
pub(super) fn push_text(json: &mut String, text: &str) {
    // Writing a text as JSON cannot fail.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// A text that says something.
pub(super) fn text<'a>(value: Option<&AnyValue<'a>>) -> Option<Text<'a>> {
    match value? {
        AnyValue::Text(text) if !text.is_empty() => Some(text.clone()),
        AnyValue::Int(int) => Some(int.to_string().into()),
        _ => None,
    }
}

/// The same, borrowed from the value.
pub(super) fn as_str<'s>(value: Option<&'s AnyValue<'_>>) -> Option<&'s str> {
    match value? {
        AnyValue::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A text that may be written as JSON: `"gpt-4o"` with its quotes is `gpt-4o`.
pub(super) fn unquoted<'a>(value: Option<&AnyValue<'a>>) -> Option<Text<'a>> {
    let text = text(value)?;
    match serde_json::from_str::<String>(&text) {
        Ok(inner) => Some(inner.into()),
        Err(_) => Some(text),
    }
}

/// A number of tokens: a whole number from 0 on, of whatever kind; NaN, negative numbers
/// and other texts are none.
pub(super) fn tokens(value: Option<&AnyValue<'_>>) -> Option<u64> {
    let count = match value? {
        AnyValue::Int(int) => u64::try_from(*int).ok(),
        AnyValue::Double(double) => whole(*double),
        AnyValue::Text(text) if is_number(text) => number::integer(text),
        _ => None,
    };
    count.filter(|count| *count <= MAX_TOKENS)
}

/// A whole number that a double is.
pub(super) fn whole(double: f64) -> Option<u64> {
    #[expect(clippy::cast_precision_loss, reason = "a bound of which doubles are exact")]
    let few = (0.0..=MAX_TOKENS as f64).contains(&double);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in the bound")]
    (few && double.fract() == 0.0).then_some(double as u64)
}

/// Whether a text is a number as JSON has it.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && is_json(text, Parse::Always)
}

/// A finite number.
pub(super) fn double(value: Option<&AnyValue<'_>>) -> Option<f64> {
    let double = match value? {
        #[expect(clippy::cast_precision_loss, reason = "nobody pays so much")]
        AnyValue::Int(int) => *int as f64,
        AnyValue::Double(double) => *double,
        AnyValue::Text(text) => text.parse().ok()?,
        _ => return None,
    };
    double.is_finite().then_some(double)
}

/// The texts of a list, or of a text that is a JSON array of them.
pub(super) fn texts<'a>(value: Option<&AnyValue<'a>>) -> Vec<Text<'a>> {
    match value {
        Some(AnyValue::List(items)) => items.iter().filter_map(|item| text(Some(item))).collect(),
        Some(AnyValue::Text(json)) if json.starts_with('[') => {
            let texts: Vec<String> = serde_json::from_str(json).unwrap_or_default();
            texts.into_iter().map(Cow::Owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> AnyValue<'_> {
        AnyValue::Text(text.into())
    }

    #[test]
    fn text_is_json_where_it_may_be() {
        for (text, parse, json) in [
            ("{\"a\":1}", Parse::Structured, "{\"a\":1}"),
            (" [1]", Parse::Structured, " [1]"),
            ("true", Parse::Structured, "\"true\""),
            ("true", Parse::Always, "true"),
            ("\"x\"", Parse::Always, "\"x\""),
            ("{\"cut\":", Parse::Always, "\"{\\\"cut\\\":\""),
            ("[1]", Parse::Never, "\"[1]\""),
            ("a\u{0}\"b", Parse::Always, "\"a\\u0000\\\"b\""),
        ] {
            assert_eq!(to_json(&of(text), parse), json, "{text}");
        }
        let map = AnyValue::Map(vec![
            ("k".into(), AnyValue::List(vec![AnyValue::Int(1), AnyValue::Double(0.5)])),
            ("n".into(), AnyValue::Double(f64::NAN)),
            ("e".into(), AnyValue::Empty),
        ]);
        assert_eq!(to_json(&map, Parse::Never), r#"{"k":[1,0.5],"n":"NaN","e":null}"#);
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        for (value, count) in [
            (AnyValue::Int(5), Some(5)),
            (AnyValue::Double(5.0), Some(5)),
            (of("5"), Some(5)),
            (AnyValue::Double(f64::NAN), None),
            (AnyValue::Double(0.5), None),
            (AnyValue::Int(-1), None),
            (AnyValue::Int(i64::MAX), None),
            (of("five"), None),
            (of(""), None),
        ] {
            assert_eq!(tokens(Some(&value)), count, "{value:?}");
        }
    }
}
