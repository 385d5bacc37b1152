//! Fields as what they should be, each problem by its path, with what was expected and what
//! was found.

use crate::formats::field;
use crate::formats::field::Problem;
use crate::json::scan;
use crate::json::scan::More;
use crate::json::text::quote;
use crate::json::value::{Kind, Value};
use crate::limits::MAX_TAGS;
use crate::model::{Json, Micros, Text};

/// The text that an event lies in, and what is wrong with it. Each method reads one field
/// as what it should be; a missing one is `None` and no problem, but where the method's
/// name says otherwise.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn require(&mut self, field: &'static str, value: Option<Value>) {
        if value.is_none() {
            self.problem(field, "required".into());
        }
    }

    /// `wanted` was expected; `found` is said as the client spelled it.
    pub(super) fn unlike(&mut self, field: &'static str, wanted: &str, found: Value) {
        let found = quote(self.text, found);
        self.problem(field, format!("expected {wanted}, found {found}"));
    }

    /// A value of another kind than was expected.
    pub(super) fn mistyped(&mut self, field: &'static str, wanted: &str, found: Value) {
        self.problem(field, format!("expected {wanted}, found {}", found.kind().noun()));
    }

    pub(super) fn problem(&mut self, field: &'static str, message: String) {
        self.problems.push(Problem { field, message });
    }

    pub(super) fn json(&self, value: Option<Value>) -> Option<Json<'a>> {
        value.map(|value| value.raw(self.text).into())
    }

    pub(super) fn object(&mut self, field: &'static str, value: Option<Value>) -> Option<Json<'a>> {
        let value = value?;
        if value.kind() != Kind::Object {
            self.mistyped(field, "an object", value);
            return None;
        }
        Some(value.raw(self.text).into())
    }

    /// An object; anything else as one that has it.
    pub(super) fn metadata(&self, value: Option<Value>) -> Option<Json<'a>> {
        let value = value?;
        let raw = value.raw(self.text);
        Some(match value.kind() {
            Kind::Object => raw.into(),
            _ => Json::Owned(format!("{{\"metadata\":{raw}}}")),
        })
    }

    pub(super) fn string(&mut self, field: &'static str, value: Option<Value>) -> Option<Text<'a>> {
        let value = value?;
        let text = value.text(self.text);
        if text.is_none() {
            self.mistyped(field, "a string", value);
        }
        text
    }

    pub(super) fn required_text(
        &mut self,
        field: &'static str,
        value: Option<Value>,
    ) -> Option<Text<'a>> {
        self.require(field, value);
        self.string(field, value)
    }

    /// What was read of a field, or what is wrong with it.
    fn read<T>(&mut self, field: &'static str, found: Result<T, String>) -> Option<T> {
        found.map_err(|message| self.problem(field, message)).ok()
    }

    pub(super) fn id(&mut self, field: &'static str, value: Option<Value>) -> Option<Text<'a>> {
        let found = field::id(self.text, value?);
        self.read(field, found).flatten()
    }

    pub(super) fn required_id(&mut self, field: &'static str, value: Option<Value>) -> Text<'a> {
        let before = self.problems.len();
        let id = self.id(field, value);
        if id.is_none() && self.problems.len() == before {
            self.problem(field, "required".into());
        }
        id.unwrap_or_default()
    }

    /// One of a list of words.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        field: &'static str,
        value: Option<Value>,
        words: &[(T, &str)],
    ) -> Option<T> {
        let text = self.string(field, value)?;
        let word = words.iter().find(|(_, word)| *word == text).map(|(meaning, _)| *meaning);
        if let (None, Some(found)) = (word, value) {
            let words: Vec<_> = words.iter().map(|(_, word)| *word).collect();
            self.unlike(field, &format!("one of {}", words.join(", ")), found);
        }
        word
    }

    pub(super) fn time(&mut self, field: &'static str, value: Option<Value>) -> Option<Micros> {
        let found = field::time(self.text, value?);
        self.read(field, found)
    }

    /// The first [`MAX_TAGS`] tags; all of them are looked at, up to one that is none.
    pub(super) fn tags(&mut self, value: Option<Value>) -> Vec<Text<'a>> {
        const FIELD: &str = "body.tags";
        let mut tags = Vec::new();
        let Some(value) = value else { return tags };
        if value.kind() != Kind::Array {
            self.mistyped(FIELD, "an array of strings", value);
            return tags;
        }
        // Scanned before, so this finds no fault and ends where it did.
        let (bytes, mut at, mut first) = (self.text.as_bytes(), value.range().start + 1, true);
        while let Ok(More::At(start)) = scan::more(bytes, at, b']', first)
            && let Ok(item) = scan::value(bytes, start, 0)
        {
            (at, first) = (item.range().end, false);
            match item.text(self.text) {
                Some(tag) if tags.len() < MAX_TAGS => tags.push(tag),
                None if item.kind() != Kind::Null => {
                    self.mistyped(FIELD, "an array of strings with nothing else in it", item);
                    break;
                }
                _ => {}
            }
        }
        tags
    }
}
