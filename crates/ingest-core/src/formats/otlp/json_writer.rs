//! Writing JSON, all of it or no more than its beginning: objects, arrays, and values of
//! attributes.

use super::map::detail::Detail;
use super::span::AnyValue;
use crate::json::scan;

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

/// Bytes of JSON that are made of what a span with a parent has: lists show what roots have, so
/// that this is a look at its beginning, should its root never come.
const INDEXED_BYTES: usize = 320;

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

/// Whether a text is JSON, by this rule.
pub(crate) fn is_json(text: &str, parse: Parse) -> bool {
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
