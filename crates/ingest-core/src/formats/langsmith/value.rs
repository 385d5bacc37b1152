//! Values as they were sent, and looking into objects for a few of their keys. A null is
//! missing everywhere, and of several values of a key the last counts.

use std::fmt::Write;

use crate::formats::field;
use crate::formats::field::Problem;
use crate::json::descend::{array, object, value};
use crate::json::value::{Kind, Value};
use crate::model::{Micros, Text};
use crate::time;

/// A value as it was sent: one piece of JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) json: &'a str,
    pub(super) kind: Kind,
}

/// Milliseconds of the years that are written with four digits.
const MILLIS: std::ops::Range<f64> = -62_167_219_200_000.0..253_402_300_800_000.0;

impl<'a> Sent<'a> {
    /// The value in some JSON text that was scanned; `None` for a null.
    pub(super) fn of(text: &'a str, value: Value) -> Option<Self> {
        let (json, kind) = (value.raw(text), value.kind());
        (kind != Kind::Null).then_some(Self { json, kind })
    }

    /// The value that is all of some JSON text.
    pub(super) fn all_of(json: &'a str) -> Option<Self> {
        Self::of(json, value(json, 0, 0).ok()?)
    }

    /// The same unless it is an object or a list of nothing: that means not known.
    pub(super) fn unless_empty(self) -> Option<Self> {
        let inner = || self.json.get(1..self.json.len() - 1).unwrap_or_default();
        let empty = matches!(self.kind, Kind::Object | Kind::Array)
            && inner().bytes().all(|byte| byte.is_ascii_whitespace());
        (!empty).then_some(self)
    }

    /// The same if it is an object with something in it.
    pub(super) fn object(self) -> Option<Self> {
        self.unless_empty().filter(|sent| sent.kind == Kind::Object)
    }

    /// Its place in its own text.
    fn value(self) -> Value {
        Value::new(self.kind, 0, self.json.len())
    }

    /// A string's text.
    pub(super) fn text(self) -> Option<Text<'a>> {
        self.value().text(self.json)
    }

    /// What people call a session or themselves: text, or a number as it was written.
    pub(super) fn label(self) -> Option<Text<'a>> {
        let number = || (self.kind == Kind::Number).then_some(Text::Borrowed(self.json));
        self.text().or_else(number).filter(|text| !text.is_empty())
    }

    /// A count of tokens.
    pub(super) fn tokens(self) -> Option<u64> {
        field::tokens(self.json, self.value())
    }

    /// A number.
    pub(super) fn number(self) -> Option<f64> {
        let number = (self.kind == Kind::Number).then(|| self.json.parse::<f64>().ok())?;
        number.filter(|number| number.is_finite())
    }

    /// The texts of a list, and nothing else that is in it.
    pub(super) fn texts(self, most: usize) -> Vec<Text<'a>> {
        let mut texts = Vec::new();
        let _ = array(self.json, 0, 0, &mut |at| {
            let item = value(self.json, at, 1)?;
            if texts.len() < most {
                texts.extend(item.text(self.json));
            }
            Ok(item.range().end)
        });
        texts
    }

    /// The first item of a list.
    pub(super) fn first(self) -> Option<Self> {
        let mut first = None;
        let _ = array(self.json, 0, 0, &mut |at| {
            let item = value(self.json, at, 1)?;
            first = first.or(Some(item));
            Ok(item.range().end)
        });
        Self::of(self.json, first?)
    }

    /// What an object has under these keys.
    pub(super) fn fields<const N: usize>(self, keys: [&str; N]) -> [Option<Self>; N] {
        let mut found = [None; N];
        let _ = object(self.json, 0, 0, &mut |key, at| {
            let value = value(self.json, at, 1)?;
            for (slot, _) in found.iter_mut().zip(keys).filter(|(_, wanted)| *wanted == key) {
                *slot = Self::of(self.json, value).or(*slot);
            }
            Ok(value.range().end)
        });
        found
    }

    /// What an object has under a key.
    pub(super) fn field(self, key: &str) -> Option<Self> {
        let [value] = self.fields([key]);
        value
    }
}

/// An object, or an empty one, with more fields at its end. Their names
/// are written as text.
pub(super) fn with_fields(object: Option<Sent>, more: &[(&str, &str)]) -> String {
    let json = object.map_or("{}", |object| object.json).trim_end();
    let mut json = json.strip_suffix('}').unwrap_or("{").trim_end().to_owned();
    for (name, value) in more {
        let comma = if json.ends_with('{') { "" } else { "," };
        let name = serde_json::to_string(name).unwrap_or_default();
        let _ = write!(json, "{comma}{name}:{value}");
    }
    json.push('}');
    json
}

/// An id that is text, and not longer than ids may be; an empty one is none.
pub(super) fn read_id<'a>(
    field: &'static str,
    sent: Option<Sent<'a>>,
) -> Result<Option<Text<'a>>, Problem> {
    let Some(sent) = sent else { return Ok(None) };
    field::id(sent.json, sent.value()).map_err(|message| Problem::new(field, message))
}

/// A point in time: ISO 8601, without an offset in UTC; or milliseconds since the epoch.
pub(super) fn read_time(
    field: &'static str,
    sent: Option<Sent>,
) -> Result<Option<Micros>, Problem> {
    const WANTED: &str = "an ISO 8601 date and time, or milliseconds since 1970";
    let Some(sent) = sent else { return Ok(None) };
    let time = match sent.number().filter(|millis| MILLIS.contains(millis)) {
        Some(millis) => Some(micros(millis)),
        None => sent.text().and_then(|text| time::parse(&text)),
    };
    let wrong = || Problem::new(field, format!("expected {WANTED}, found {}", sent.kind.noun()));
    time.map(Some).ok_or_else(wrong)
}

#[expect(clippy::cast_possible_truncation, reason = "it is within the years of `MILLIS`")]
fn micros(millis: f64) -> Micros {
    (millis * 1_000.0).round() as Micros
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(json: &str) -> Sent<'_> {
        Sent::all_of(json).unwrap()
    }

    #[test]
    fn looks_into_objects_where_nulls_are_missing_and_the_last_counts() {
        let object = sent(r#"{"a":1,"b":{},"a":null,"c":[[{"d":"x"}]],"b":{"e":2}}"#);
        let [a, b, none] = object.fields(["a", "b", "z"]);
        assert_eq!((a.unwrap().json, b.unwrap().json, none.is_none()), ("1", r#"{"e":2}"#, true));
        let d = object.field("c").and_then(Sent::first).and_then(Sent::first);
        assert_eq!(d.and_then(|d| d.field("d")?.text()).as_deref(), Some("x"));
        assert!(sent("[1]").field("a").is_none() && sent("{}").first().is_none());
        for (json, said) in [("{ }", false), ("[]", false), ("\"\"", true), ("[0]", true)] {
            assert_eq!(sent(json).unless_empty().is_some(), said, "{json}");
        }
    }

    #[test]
    fn reads_times_of_both_clients() {
        const AT: Micros = 1_795_551_490_932_276;
        for (json, time) in [
            (r#""2026-11-24T20:18:10.932276+00:00""#, Some(AT)),
            (r#""2026-11-24T20:18:10.932276""#, Some(AT)),
            (r#""2026-11-24T20:18:10.932Z""#, Some(AT / 1_000 * 1_000)),
            ("1795551490932", Some(AT / 1_000 * 1_000)),
            ("1795551490932.276", Some(AT)),
            ("1e300", None),
            ("\"yesterday\"", None),
            ("{}", None),
        ] {
            assert_eq!(read_time("end_time", Some(sent(json))).ok().flatten(), time, "{json}");
        }
    }
}
