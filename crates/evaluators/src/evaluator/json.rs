//! JSON as it was written: keys in their order, numbers as their digits. Of a key that is
//! there twice the later value counts, in the earlier one's place, as in JavaScript.

use std::borrow::Cow;
use std::cmp::Ordering;

use ingest_core::json::descend;
use ingest_core::json::error::SyntaxError;
use ingest_core::json::value::Kind;
use ingest_core::limits::MAX_DEPTH;

use super::limits::MAX_JSON_BYTES;
use super::outcome::{Code, Failure};
use super::work::Work;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// As it was written.
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Box<Object<'a>>),
}

/// An object's members, in their order and in that of their keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
    by_key: Vec<u32>,
}

impl<'a> Object<'a> {
    fn of(mut members: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        let mut by_key = sort(&members);
        let same = |a: &u32, b: &u32| key_of(&members, *a) == key_of(&members, *b);
        if by_key.windows(2).any(|pair| matches!(pair, [a, b] if same(a, b))) {
            members = without_repeats(members, &by_key);
            by_key = sort(&members);
        }
        Self { members, by_key }
    }

    /// What a key stands for.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'a>> {
        let order = |at: &u32| key_of(&self.members, *at).cmp(key);
        let place = self.by_key.binary_search_by(order).ok()?;
        let at = *self.by_key.get(place)?;
        self.members.get(at as usize).map(|(_, value)| value)
    }

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.members.iter().map(|(key, value)| (key.as_ref(), value))
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }
}

fn key_of<'m>(members: &'m [(Cow<'_, str>, Json<'_>)], at: u32) -> &'m str {
    members.get(at as usize).map_or("", |(key, _)| key)
}

/// The places of the members in order of their keys, and of places.
fn sort(members: &[(Cow<'_, str>, Json<'_>)]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..u32::try_from(members.len()).unwrap_or(u32::MAX)).collect();
    let order = |a: &u32, b: &u32| -> Ordering {
        key_of(members, *a).cmp(key_of(members, *b)).then(a.cmp(b))
    };
    places.sort_unstable_by(order);
    places
}

/// The members with the last value of each key, in the place of its first.
fn without_repeats<'a>(
    members: Vec<(Cow<'a, str>, Json<'a>)>,
    by_key: &[u32],
) -> Vec<(Cow<'a, str>, Json<'a>)> {
    let mut slots: Vec<Option<(Cow<'a, str>, Json<'a>)>> = members.into_iter().map(Some).collect();
    let mut first: Option<u32> = None;
    for at in by_key {
        let key = |at: u32| slots.get(at as usize)?.as_ref().map(|(key, _)| key.as_ref());
        match first {
            Some(before) if key(before) == key(*at) => {
                let later = slots.get_mut(*at as usize).and_then(Option::take);
                if let Some(slot) = slots.get_mut(before as usize) {
                    *slot = later;
                }
            }
            _ => first = Some(*at),
        }
    }
    slots.into_iter().flatten().collect()
}

impl<'a> Json<'a> {
    /// Reads a text.
    pub(crate) fn read(text: &'a str) -> Result<Self, SyntaxError> {
        // The grammar first, and that nothing comes after it.
        descend::whole(text)?;
        build(text, 0, 0).map(|(json, _)| json)
    }

    /// Reads a text that a client sent as the JSON that it must be, or as a string that may
    /// be: `None` if it is none.
    pub(crate) fn read_string(text: &'a str) -> Result<Option<Self>, Failure> {
        if text.len() > MAX_JSON_BYTES && !text.trim_start().starts_with('"') {
            let message = format!("JSON of more than {MAX_JSON_BYTES} bytes is not taken apart.");
            return Err(Failure::new(Code::TooExpensive, message));
        }
        match Self::read(text) {
            Ok(json) => Ok(Some(json)),
            Err(error) if error.is_too_deep() => Err(too_deep()),
            Err(_) => Ok(None),
        }
    }

    /// As messages name it.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// What an object has at a key; null is as if it were not there.
    pub(crate) fn member(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Self::Object(object) => object.get(key).filter(|value| !matches!(value, Self::Null)),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Json<'a>]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The same for longer than the text that it was read from.
    pub(crate) fn into_owned(self) -> Json<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(text) => Json::Number(owned(text)),
            Self::String(text) => Json::String(owned(text)),
            Self::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(object) => {
                let Object { members, by_key } = *object;
                let members = members.into_iter().map(|(k, v)| (owned(k), v.into_owned()));
                Json::Object(Box::new(Object { members: members.collect(), by_key }))
            }
        }
    }

    /// Whether both are the same value: keys in any order, numbers by what they are worth.
    pub(crate) fn equals(&self, other: &Json<'_>, work: &mut Work) -> Result<bool, Failure> {
        work.spend(1)?;
        match (self, other) {
            (Self::Null, Json::Null) => Ok(true),
            (Self::Bool(a), Json::Bool(b)) => Ok(a == b),
            (Self::Number(_), Json::Number(_)) => {
                let numbers = self.as_number().zip(other.as_number());
                let order = numbers.and_then(|(a, b)| a.partial_cmp(&b));
                Ok(order == Some(Ordering::Equal))
            }
            (Self::String(a), Json::String(b)) => {
                work.spend_bytes(if a.len() == b.len() { a.len() / 32 } else { 0 })?;
                Ok(a == b)
            }
            (Self::Array(a), Json::Array(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b) {
                    if !a.equals(b, work)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Self::Object(a), Json::Object(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (key, a) in a.iter() {
                    work.spend_bytes(key.len() / 32)?;
                    match b.get(key) {
                        Some(b) if a.equals(b, work)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// As compact text: no spaces, only what must be is escaped, numbers as they were
    /// written.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::String(text) => out.push_str(&quoted(text)),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                for (at, (key, value)) in object.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    out.push_str(&quoted(key));
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// What is nested deeper than anything here reads.
pub(crate) fn too_deep() -> Failure {
    let message = format!("JSON that is nested deeper than {MAX_DEPTH} levels is not read.");
    Failure::new(Code::TooExpensive, message)
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The value at a place, and the place after it.
fn build(text: &str, at: usize, depth: usize) -> Result<(Json<'_>, usize), SyntaxError> {
    let at = at + text.get(at..).map_or(0, |rest| rest.len() - rest.trim_start().len());
    match text.as_bytes().get(at) {
        Some(b'[' | b'{') if depth >= MAX_DEPTH => Err(SyntaxError::too_deep(at)),
        Some(b'[') => {
            let mut items = Vec::new();
            let end = descend::array(text, at, depth, &mut |place| {
                let (item, end) = build(text, place, depth + 1)?;
                items.push(item);
                Ok(end)
            })?;
            Ok((Json::Array(items), end))
        }
        Some(b'{') => {
            let mut members = Vec::new();
            let end = descend::object(text, at, depth, &mut |key, place| {
                let (value, end) = build(text, place, depth + 1)?;
                members.push((Cow::Owned(key.to_owned()), value));
                Ok(end)
            })?;
            Ok((Json::Object(Box::new(Object::of(members))), end))
        }
        _ => {
            let value = descend::value(text, at, depth)?;
            let json = match value.kind() {
                Kind::Null => Json::Null,
                Kind::Bool => Json::Bool(value.raw(text) == "true"),
                Kind::Number => Json::Number(Cow::Borrowed(value.raw(text))),
                _ => Json::String(value.text(text).unwrap_or_default()),
            };
            Ok((json, value.range().end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(text: &str) -> String {
        let mut out = String::new();
        Json::read(text).unwrap().write(&mut out);
        out
    }

    #[test]
    fn writes_what_it_read_without_spaces() {
        for (text, expected) in [
            (r#" { "b" : 1.0 , "a" : [ true , null ] } "#, r#"{"b":1.0,"a":[true,null]}"#),
            ("12345678901234567890123", "12345678901234567890123"),
            (r#""\u00e9\/\u0001\n\"""#, "\"é/\\u0001\\n\\\"\""),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (r#"{"a":1,"a":2,"a":3,"":{}}"#, r#"{"a":3,"":{}}"#),
            (r#""\ud83d""#, "\"\u{fffd}\""),
        ] {
            assert_eq!(compact(text), expected);
        }
    }

    #[test]
    fn finds_members_by_their_keys() {
        let json = Json::read(r#"{"z":1,"a":2,"m":null,"a":3}"#).unwrap();
        let number = |key| json.member(key).and_then(Json::as_number);
        assert_eq!(
            (number("z"), number("a"), number("m"), number("x")),
            (Some(1.0), Some(3.0), None, None)
        );
    }

    #[test]
    fn equal_whatever_the_order_and_spelling() {
        for (a, b, same) in [
            ("1", "1.0", true),
            ("1", "true", false),
            ("0", "-0", true),
            ("1e2", "100", true),
            (r#"{"a":1,"b":[]}"#, r#"{"b":[],"a":1}"#, true),
            (r#"{"a":1}"#, r#"{"b":1}"#, false),
            ("[1,2]", "[2,1]", false),
            ("\"\\u0061\"", "\"a\"", true),
        ] {
            let (a, b) = (Json::read(a).unwrap(), Json::read(b).unwrap());
            assert_eq!(a.equals(&b, &mut Work::new(100, "")), Ok(same), "{a:?} {b:?}");
        }
    }

    #[test]
    fn goes_as_deep_as_the_scanner_and_no_deeper() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(compact(&nested(MAX_DEPTH)), nested(MAX_DEPTH));
        assert!(Json::read(&nested(MAX_DEPTH + 1)).unwrap_err().is_too_deep());
        assert!(!Json::read("[1] x").unwrap_err().is_too_deep());
    }
}
