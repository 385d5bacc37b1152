//! Reading a configuration: every key in `snake_case` and in `camelCase`, null as if it were
//! not there, and a failure that says what was expected where.

use super::json::{Json, Object};
use super::outcome::{Failure, quote};

/// Reads a text as the object that it must be; `place` is what a failure names.
pub(crate) fn read_object<'a>(text: &'a str, place: &str) -> Result<Box<Object<'a>>, Failure> {
    match Json::read_string(text)? {
        Some(Json::Object(object)) => Ok(object),
        _ => Err(Failure::config(place, "expected an object")),
    }
}

/// An object of a configuration, and which of its keys were asked for.
pub(crate) struct Config<'c> {
    object: &'c Object<'c>,
    /// What leads to it, with a dot at its end.
    place: String,
    asked: Vec<&'static str>,
    program_bytes: usize,
}

impl<'c> Config<'c> {
    /// The whole of one.
    pub(crate) fn new(object: &'c Object<'c>) -> Self {
        Self { object, place: String::new(), asked: Vec::new(), program_bytes: 0 }
    }

    /// What its patterns became takes so many bytes.
    pub(crate) fn add_program(&mut self, bytes: usize) {
        self.program_bytes += bytes;
    }

    /// What all of its patterns became takes so many bytes.
    pub(crate) fn program_bytes(&self) -> usize {
        self.program_bytes
    }

    /// An object in one.
    pub(crate) fn inner(object: &'c Object<'c>, place: &str) -> Self {
        Self { place: format!("{place}."), ..Self::new(object) }
    }

    /// What a key stands for, as it is.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'c Json<'c>> {
        self.asked.push(key);
        let there = |key: &str| self.object.get(key).filter(|value| !matches!(value, Json::Null));
        there(key).or_else(|| there(&camel_case(key)))
    }

    /// The failure of a key.
    pub(crate) fn fail(&self, key: &str, what: &str) -> Failure {
        Failure::config(&format!("{}{key}", self.place), what)
    }

    /// What a key stands for, as `read` reads it; an error says that another was expected.
    fn read<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl Fn(&'c Json<'c>) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match read(value) {
            Some(value) => Ok(Some(value)),
            None => Err(self.fail(key, &format!("expected {expected}, found {}", show(value)))),
        }
    }

    /// The same, where it must be there.
    fn require<T>(&self, key: &str, found: Option<T>) -> Result<T, Failure> {
        found.ok_or_else(|| self.fail(key, "required"))
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Result<Option<&'c str>, Failure> {
        self.read(key, "a string", Json::as_str)
    }

    pub(crate) fn required_text(&mut self, key: &'static str) -> Result<&'c str, Failure> {
        let text = self.text(key)?;
        self.require(key, text)
    }

    pub(crate) fn flag(&mut self, key: &'static str, default: bool) -> Result<bool, Failure> {
        let read = |value: &'c Json<'c>| match value {
            Json::Bool(value) => Some(*value),
            _ => None,
        };
        Ok(self.read(key, "true or false", read)?.unwrap_or(default))
    }

    /// A number for which `fits` holds.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        expected: &str,
        fits: impl Fn(f64) -> bool,
    ) -> Result<Option<f64>, Failure> {
        self.read(key, expected, |value| value.as_number().filter(|n| n.is_finite() && fits(*n)))
    }

    pub(crate) fn required_number(
        &mut self,
        key: &'static str,
        expected: &str,
        fits: impl Fn(f64) -> bool,
    ) -> Result<f64, Failure> {
        let number = self.number(key, expected, fits)?;
        self.require(key, number)
    }

    /// A whole number in a range.
    pub(crate) fn count(
        &mut self,
        key: &'static str,
        (least, most): (f64, f64),
        expected: &str,
    ) -> Result<Option<f64>, Failure> {
        let whole = |n: f64| n.fract().abs() < f64::MIN_POSITIVE && n >= least && n <= most;
        self.number(key, expected, whole)
    }

    /// A number from 0 to 1.
    pub(crate) fn fraction(&mut self, key: &'static str) -> Result<Option<f64>, Failure> {
        self.number(key, "a number from 0 to 1", |n| (0.0..=1.0).contains(&n))
    }

    /// One of some words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Failure> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let find = |value: &'c Json<'c>| {
            let text = value.as_str()?;
            choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice)
        };
        self.read(key, &words.join(" or "), find)
    }

    pub(crate) fn texts(&mut self, key: &'static str) -> Result<Option<Vec<&'c str>>, Failure> {
        self.read(key, "an array of strings", texts_of)
    }

    pub(crate) fn object(&mut self, key: &'static str) -> Result<Option<&'c Object<'c>>, Failure> {
        let read = |value: &'c Json<'c>| match value {
            Json::Object(object) => Some(object.as_ref()),
            _ => None,
        };
        self.read(key, "an object", read)
    }

    /// A warning for each key that nobody asked for.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let known =
            |key: &str| self.asked.iter().any(|asked| *asked == key || camel_case(asked) == key);
        let unknown = self.object.iter().filter(|(key, _)| !known(key));
        unknown
            .take(MAX_WARNINGS)
            .map(|(key, _)| format!("config.{}{}: unknown, ignored", self.place, quote(key)))
            .collect()
    }
}

/// Most warnings that anybody reads.
const MAX_WARNINGS: usize = 100;

/// An array of nothing but strings.
pub(crate) fn texts_of<'j>(value: &'j Json<'_>) -> Option<Vec<&'j str>> {
    value.as_array()?.iter().map(Json::as_str).collect()
}

/// A value as a message shows it.
fn show(value: &Json<'_>) -> String {
    match value {
        Json::Bool(value) => value.to_string(),
        Json::Number(text) => quote(text).into_owned(),
        Json::String(text) => format!("'{}'", quote(text)),
        other => other.noun().to_owned(),
    }
}

/// `max_ms` as `maxMs`.
fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel
}
