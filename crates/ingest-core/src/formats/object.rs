//! An object of JSON that an event or a part of one is: its keys are looked up by name, and
//! each method reads one as what it should be. For formats that are read object by object;
//! the format that is sent most has a reader of its own (`twosignal`).
//!
//! A null means missing, and of several values of one key the last counts.

use std::borrow::Cow;

use super::field;
use super::field::Problem;
use crate::json::error::SyntaxError;
use crate::json::lex::next;
use crate::json::scan;
use crate::json::scan::More;
use crate::json::value::{Kind, Value};
use crate::model::{Json, Micros, Text};

/// An object's keys with where their values are.
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    text: &'a str,
    fields: Vec<(Text<'a>, Value)>,
}

impl<'a> Object<'a> {
    /// The object at a place, around which `depth` arrays and objects are open, and the
    /// place after it; or the value of another kind that is there.
    ///
    /// # Errors
    /// What is no JSON.
    pub(crate) fn read(
        text: &'a str,
        at: usize,
        depth: usize,
    ) -> Result<(Result<Self, Kind>, usize), SyntaxError> {
        let bytes = text.as_bytes();
        let (found, start) = next(bytes, at);
        if found != b'{' {
            let value = scan::value(bytes, start, depth)?;
            return Ok((Err(value.kind()), value.range().end));
        }
        let mut fields: Vec<(Text<'a>, Value)> = Vec::new();
        let (mut at, mut first) = (start + 1, true);
        loop {
            match scan::more(bytes, at, b'}', first)? {
                More::End(end) => return Ok((Ok(Self { text, fields }), end)),
                More::At(key) => {
                    let (key, value) = scan::key(bytes, key)?;
                    let value = scan::value(bytes, value, depth + 1)?;
                    (at, first) = (value.range().end, false);
                    if value.kind() != Kind::Null {
                        fields.push((key.text(text).unwrap_or_default(), value));
                    }
                }
            }
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<Value> {
        self.fields.iter().rev().find(|(known, _)| known == key).map(|(_, value)| *value)
    }

    /// Any value, as it was sent.
    pub(crate) fn json(&self, key: &str) -> Option<Json<'a>> {
        self.get(key).map(|value| Cow::Borrowed(value.raw(self.text)))
    }

    /// An object, as it was sent; of another kind, nothing.
    pub(crate) fn object_json(&self, key: &str) -> Option<Json<'a>> {
        self.json(key).filter(|json| json.starts_with('{'))
    }

    /// An object's own keys; none of a value of another kind.
    pub(crate) fn object(&self, key: &str) -> Self {
        let none = Self { text: self.text, fields: Vec::new() };
        let Some(value) = self.get(key) else { return none };
        // It was scanned before, so this finds no fault.
        match Self::read(self.text, value.range().start, 0) {
            Ok((Ok(object), _)) => object,
            _ => none,
        }
    }

    /// A text; of another kind, nothing.
    pub(crate) fn text(&self, key: &str) -> Option<Text<'a>> {
        self.get(key)?.text(self.text)
    }

    /// A count of tokens; of what is none, nothing.
    pub(crate) fn tokens(&self, key: &str) -> Option<u64> {
        field::tokens(self.text, self.get(key)?)
    }

    /// An id; an empty one is none.
    ///
    /// # Errors
    /// What is no text, too long, or could not be asked for again.
    pub(crate) fn id(&self, key: &'static str) -> Result<Option<Text<'a>>, Problem> {
        let Some(value) = self.get(key) else { return Ok(None) };
        field::id(self.text, value).map_err(|message| Problem::new(key, message))
    }

    /// An id that must be there.
    ///
    /// # Errors
    /// See [`Self::id`].
    pub(crate) fn required_id(&self, key: &'static str) -> Result<Text<'a>, Problem> {
        self.id(key)?.ok_or_else(|| Problem::new(key, "required"))
    }

    /// A time.
    ///
    /// # Errors
    /// What is none.
    pub(crate) fn time(&self, key: &'static str) -> Result<Option<Micros>, Problem> {
        let Some(value) = self.get(key) else { return Ok(None) };
        field::time(self.text, value).map(Some).map_err(|message| Problem::new(key, message))
    }

    /// The object without these keys, as JSON; `None` where nothing is left.
    pub(crate) fn without(&self, keys: &[&str]) -> Option<String> {
        let mut json = String::new();
        for (at, (key, value)) in self.fields.iter().enumerate() {
            let again = self.fields.iter().skip(at + 1).any(|(later, _)| later == key);
            if again || keys.contains(&&**key) {
                continue;
            }
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push_str(&serde_json::to_string(key).ok()?);
            json.push(':');
            json.push_str(value.raw(self.text));
        }
        if json.is_empty() {
            return None;
        }
        json.push('}');
        Some(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object<'_> {
        Object::read(text, 0, 0).unwrap().0.unwrap()
    }

    #[test]
    fn of_several_values_the_last_counts_and_a_null_is_none() {
        let object = object(r#"{"a":1,"\u0061":2,"a":null,"b":{"c":"x\n"}}"#);
        assert_eq!(object.tokens("a"), Some(2));
        assert_eq!(object.object("b").text("c").as_deref(), Some("x\n"));
        assert_eq!(object.object("a").text("c"), None);
        assert_eq!(object.without(&["b"]).as_deref(), Some(r#"{"a":2}"#));
        assert_eq!(object.without(&["a", "b"]), None);
    }

    #[test]
    fn says_which_key_is_wrong() {
        let object = object(r#"{"a":1,"b":"","c":"soon"}"#);
        let required = Err(Problem::new("b", "required"));
        assert_eq!((object.id("b"), object.required_id("b")), (Ok(None), required));
        assert_eq!((object.id("d"), object.time("d")), (Ok(None), Ok(None)));
        let wrong = [object.required_id("a").unwrap_err(), object.time("c").unwrap_err()];
        assert_eq!(wrong.map(|problem| problem.field), ["a", "c"]);
    }

    #[test]
    fn another_kind_of_value_is_named_and_passed_over() {
        for (text, kind, end) in [("[1]", Kind::Array, 3), (" null ", Kind::Null, 5)] {
            let (found, at) = Object::read(text, 0, 0).unwrap();
            assert_eq!((found.unwrap_err(), at), (kind, end));
        }
        assert!(Object::read(r#"{"a":}"#, 0, 0).is_err());
    }
}
