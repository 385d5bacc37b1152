//! Values of attributes as text, numbers and JSON.

use std::borrow::Cow;

use super::detail::Detail;
use crate::formats::otlp::span::AnyValue;
use crate::json::number;
use crate::json::scan;
use crate::limits::{MAX_PREVIEW_BYTES, MAX_TOKENS};
use crate::model::{Json, Text};

/// Which texts are JSON. Lists and maps always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parse {
    /// Every text that can be read as JSON.
    Always,
    /// Texts that begin as an object or an array does.
    Structured,
    /// None: a text is a text.
    Never,
}

/// Bytes of JSON of which the index keeps the beginning: some more than it does.
const INDEXED_BYTES: usize = 4 * MAX_PREVIEW_BYTES;

/// JSON in the making: all of it, or no more than its beginning.
#[derive(Debug)]
pub(crate) struct JsonWriter {
    json: String,
    most: usize,
}

impl JsonWriter {
    /// For as much of it as somebody wants.
    pub(crate) fn new(detail: Detail) -> Self {
        let most = if detail == Detail::Full { usize::MAX } else { INDEXED_BYTES };
        Self { json: String::new(), most }
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.json
    }

    /// Whether nothing more is wanted.
    pub(crate) fn is_full(&self) -> bool {
        self.json.len() >= self.most
    }

    /// Writes what is JSON already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.json.push_str(json.get(..json.floor_char_boundary(self.most)).unwrap_or(json));
    }

    /// Writes a text.
    pub(crate) fn text(&mut self, text: &str) {
        let text = text.get(..text.floor_char_boundary(self.most)).unwrap_or(text);
        // Writing a text as JSON cannot fail.
        self.json.push_str(&serde_json::to_string(text).unwrap_or_default());
    }

    /// Writes an object: `fields` writes its fields.
    pub(crate) fn object(&mut self, fields: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.json.push('{');
        fields(&mut ObjectWriter { writer: self, first: true });
        self.json.push('}');
    }

    /// Writes an array.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut push: impl FnMut(&mut Self, T),
    ) {
        self.json.push('[');
        for (at, item) in items.into_iter().enumerate() {
            if self.is_full() {
                break;
            }
            if at > 0 {
                self.json.push(',');
            }
            push(self, item);
        }
        self.json.push(']');
    }

    /// Writes a value, in which texts are texts.
    pub(crate) fn value(&mut self, value: &AnyValue<'_>) {
        match value {
            AnyValue::Empty => self.raw("null"),
            AnyValue::Text(text) => self.text(text),
            AnyValue::Bool(bool) => self.raw(if *bool { "true" } else { "false" }),
            AnyValue::Int(int) => self.raw(&int.to_string()),
            AnyValue::Double(double) => match serde_json::Number::from_f64(*double) {
                Some(number) => self.raw(&number.to_string()),
                None => self.text(&double.to_string()),
            },
            AnyValue::List(items) => self.list(items, Self::value),
            AnyValue::Map(pairs) => self.object(|object| {
                for (key, value) in pairs {
                    object.field(key).value(value);
                }
            }),
        }
    }

    /// Writes a value: text that is JSON already as it is.
    pub(crate) fn parsed(&mut self, value: &AnyValue<'_>, parse: Parse) {
        match value {
            AnyValue::Text(text) if is_json(text, parse) => self.raw(text.trim()),
            _ => self.value(value),
        }
    }
}

/// An object in the making.
pub(crate) struct ObjectWriter<'w> {
    writer: &'w mut JsonWriter,
    first: bool,
}

impl ObjectWriter<'_> {
    /// Writes a key, and gives what its value is written to.
    pub(crate) fn field(&mut self, key: &str) -> &mut JsonWriter {
        if !std::mem::take(&mut self.first) {
            self.writer.raw(",");
        }
        self.writer.text(key);
        self.writer.raw(":");
        self.writer
    }

    /// Writes the fields of an object that is JSON already, without its braces.
    pub(crate) fn fields(&mut self, inner: &str) {
        if !inner.is_empty() {
            if !std::mem::take(&mut self.first) {
                self.writer.raw(",");
            }
            self.writer.raw(inner);
        }
    }

    /// Whether it has no fields so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.first
    }
}

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
