//! Values of attributes as text, numbers and JSON.

use std::borrow::Cow;

use super::detail::Detail;
use crate::formats::otlp::json_writer::{JsonWriter, Parse, is_json};
use crate::formats::otlp::span::AnyValue;
use crate::json::number;
use crate::limits::MAX_TOKENS;
use crate::model::{Json, Micros, Text};

/// A value as JSON: text that is JSON already is passed on as it is.
pub(super) fn to_json<'a>(value: &AnyValue<'a>, parse: Parse, detail: Detail) -> Json<'a> {
    if let AnyValue::Text(text) = value
        && is_json(text, parse)
    {
        // Not copied where only its beginning is wanted.
        return match text {
            Cow::Owned(text) if detail == Detail::Index => {
                let mut writer = JsonWriter::new(detail);
                writer.raw(text);
                writer.finish().into()
            }
            text => text.clone(),
        };
    }
    let mut writer = JsonWriter::new(detail);
    writer.value(value);
    writer.finish().into()
}

/// A time in microseconds; 0 is none.
pub(super) fn micros(ns: u64) -> Option<Micros> {
    (ns > 0).then(|| (ns / 1_000).cast_signed())
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

/// Longest JSON text that is made a tree of values of, in bytes: counts, costs, names.
const MAX_PARSED_BYTES: usize = 64 * 1024;

/// The JSON in a text, where it is short.
pub(super) fn parse(text: &str) -> Option<serde_json::Value> {
    let short = text.len() <= MAX_PARSED_BYTES;
    if short { serde_json::from_str(text).ok() } else { None }
}

/// The texts of a list, or of a text that is a JSON array of them.
pub(super) fn texts<'a>(value: Option<&AnyValue<'a>>) -> Vec<Text<'a>> {
    match value {
        Some(AnyValue::List(items)) => items.iter().filter_map(|item| text(Some(item))).collect(),
        Some(AnyValue::Text(json)) if json.starts_with('[') => {
            let items = parse(json).and_then(|list| list.as_array().cloned()).unwrap_or_default();
            let texts = items.iter().filter_map(|item| item.as_str());
            texts.map(|text| Cow::Owned(text.to_owned())).collect()
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
            assert_eq!(to_json(&of(text), parse, Detail::Full), json, "{text}");
        }
        let map = AnyValue::Map(vec![
            ("k".into(), AnyValue::List(vec![AnyValue::Int(1), AnyValue::Double(0.5)])),
            ("n".into(), AnyValue::Double(f64::NAN)),
            ("e".into(), AnyValue::Empty),
        ]);
        assert_eq!(
            to_json(&map, Parse::Never, Detail::Full),
            r#"{"k":[1,0.5],"n":"NaN","e":null}"#
        );
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
