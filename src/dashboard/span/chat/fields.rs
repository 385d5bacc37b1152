//! The fields of an object, each of which is read once. Whatever a reader does
//! not take is left over and shown as it is, so that a reader that knows half
//! of a shape hides nothing of the other half.

use std::borrow::Cow;

use super::{Note, Tone};
use crate::dashboard::ui::json::{Json, Kind};

/// A name and its value.
pub type Field<'a> = (Cow<'a, str>, Json<'a>);

/// An object with more fields than this is data, and no message.
const MAX_FIELDS: usize = 500;

/// Fields that nobody has read yet.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<Field<'a>>);

impl<'a> Fields<'a> {
    /// Those of an object; `None` for anything else.
    pub fn of(json: Json<'a>) -> Option<Self> {
        if json.kind() != Kind::Object {
            return None;
        }
        let fields: Vec<_> = json.entries().take(MAX_FIELDS + 1).collect();
        (fields.len() <= MAX_FIELDS).then_some(Self(fields))
    }

    /// Where the last field of this name is, unless it is null.
    fn place(&self, name: &str) -> Option<usize> {
        let place = self.0.iter().rposition(|(key, _)| key == name)?;
        self.0.get(place).filter(|(_, value)| !value.is_null()).map(|_| place)
    }

    /// Whether there is a field of this name, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The value of a field, which stays unread.
    pub fn peek(&self, name: &str) -> Option<Json<'a>> {
        self.0.get(self.place(name)?).map(|(_, value)| *value)
    }

    /// The text of a field, which stays unread.
    pub fn peek_text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.peek(name)?.text()
    }

    /// What a reader makes of a field; it is read when the reader knows it.
    pub fn read<T>(&mut self, name: &str, reader: impl FnOnce(Json<'a>) -> Option<T>) -> Option<T> {
        let place = self.place(name)?;
        let (_, value) = self.0.get(place)?;
        let read = reader(*value)?;
        self.0.remove(place);
        Some(read)
    }

    /// The first of these fields that there is.
    pub fn take(&mut self, names: &[&str]) -> Option<Json<'a>> {
        names.iter().find_map(|name| self.read(name, Some))
    }

    /// The first of these fields that is text.
    pub fn text(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| self.read(name, Json::text))
    }

    /// Puts the fields of an object in the place of the field that holds it. Of
    /// two with the same name the inner one is read.
    pub fn open(&mut self, name: &str) -> bool {
        let inner = self.read(name, Self::of);
        self.0.extend(inner.into_iter().flat_map(|inner| inner.0));
        self.place(name).is_none()
    }

    /// Forgets a field that is null, where what is shown says so.
    pub fn forget_null(&mut self, name: &str) {
        self.0.retain(|(key, value)| key != name || !value.is_null());
    }

    /// What nobody has read.
    pub fn rest(self) -> Vec<Field<'a>> {
        self.0
    }

    /// Why the model stopped, and whether something failed: what is said beside
    /// a message rather than among its other fields.
    pub fn notes(&mut self) -> Vec<Note<'a>> {
        let mut notes: Vec<_> = FINISH
            .iter()
            .filter_map(|(name, label)| {
                let value = self.read(name, Json::text)?;
                let tone = finish_tone(&value);
                Some(Note { label, value, tone })
            })
            .collect();
        for name in ["is_error", "isError"] {
            notes.extend(self.read(name, |value| match value.raw() {
                "true" => Some(Note { label: "is error", value: "true".into(), tone: Tone::Bad }),
                "false" => {
                    Some(Note { label: "is error", value: "false".into(), tone: Tone::Plain })
                }
                _ => None,
            }));
        }
        // That something went as it should is no news.
        notes.extend(self.read("status", |value| {
            let value = value.text()?;
            let tone = match &*value {
                "error" | "failed" => Tone::Bad,
                "incomplete" | "cancelled" | "expired" => Tone::Warn,
                _ => return None,
            };
            Some(Note { label: "status", value, tone })
        }));
        notes
    }
}

/// The names of the reason for which a model stopped.
const FINISH: [(&str, &str); 5] = [
    ("finish_reason", "finish reason"),
    ("finishReason", "finish reason"),
    ("stop_reason", "stop reason"),
    ("stopReason", "stop reason"),
    ("done_reason", "done reason"),
];

/// A model that did not come to its own end says less than it would have.
fn finish_tone(reason: &str) -> Tone {
    const CUT: [&str; 18] = [
        "length",
        "max_tokens",
        "max_output_tokens",
        "model_context_window_exceeded",
        "content_filter",
        "content-filter",
        "content_filtered",
        "guardrail_intervened",
        "refusal",
        "safety",
        "recitation",
        "blocklist",
        "prohibited_content",
        "spii",
        "language",
        "image_safety",
        "malformed_function_call",
        "incomplete",
    ];
    let reason = reason.to_ascii_lowercase();
    match &*reason {
        "error" | "failed" => Tone::Bad,
        reason if CUT.contains(&reason) => Tone::Warn,
        _ => Tone::Plain,
    }
}

/// What the parts of a message leave over.
#[derive(Debug, Default)]
pub struct Left<'a> {
    /// Fields that are not shown, under the path to them.
    pub fields: Vec<Field<'a>>,
    /// What parts say that they are, where their looks say it already.
    pub kinds: Vec<Cow<'a, str>>,
}

impl<'a> Left<'a> {
    /// Keeps what was not read of the object at this path.
    pub fn keep(&mut self, path: &str, fields: Fields<'a>) {
        self.fields.extend(fields.rest().into_iter().map(|(name, value)| match path {
            "" => (name, value),
            _ => (format!("{path}.{name}").into(), value),
        }));
    }

    /// Keeps what a part says that it is.
    pub fn kind(&mut self, kind: Option<Cow<'a, str>>) {
        self.kinds.extend(kind.filter(|kind| !kind.is_empty() && !self.kinds.contains(kind)));
    }
}
