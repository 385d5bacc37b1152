//! Reading a body that is one object, by the scanner of batches: halves of surrogate pairs
//! are let through, and an error says where.

use std::borrow::Cow;

use crate::error::{Detail, Reject};
use crate::json::descend;
use crate::json::error::{SyntaxError, not_utf8};
use crate::json::text::cut;
use crate::json::value::{Kind, Value};
use crate::limits::MAX_DETAILS;

/// The text of a body.
pub(super) fn text(body: &[u8]) -> Result<&str, Reject> {
    std::str::from_utf8(body).map_err(|error| not_utf8(error.valid_up_to()))
}

/// Reads the object that a body is: `each` is given every key and its value, or none where
/// that is null.
pub(super) fn object(text: &str, mut each: impl FnMut(&str, Option<Value>)) -> Result<(), Reject> {
    let refuse = |error: SyntaxError| error.into_reject(text);
    let root = descend::whole(text).map_err(refuse)?;
    if root.kind() != Kind::Object {
        let found = root.kind().noun();
        return Err(Reject::invalid("body", format!("expected an object, found {found}")));
    }
    members(text, root, 0, &mut each).map_err(refuse)
}

/// Reads an object in a body likewise; `depth` is how many are open around it.
pub(super) fn members(
    text: &str,
    object: Value,
    depth: usize,
    each: &mut dyn FnMut(&str, Option<Value>),
) -> Result<(), SyntaxError> {
    descend::object(text, object.range().start, depth, &mut |key, at| {
        let value = descend::value(text, at, depth + 1)?;
        each(key, Some(value).filter(|value| value.kind() != Kind::Null));
        Ok(value.range().end)
    })?;
    Ok(())
}

/// The strings of an object at some keys; other keys are ignored.
pub(super) fn texts<'t, const N: usize>(
    text: &'t str,
    keys: [&str; N],
) -> Result<[Option<Cow<'t, str>>; N], Reject> {
    let mut values = [None; N];
    object(text, |key, value| {
        for (known, slot) in keys.iter().zip(&mut values) {
            if *known == key {
                *slot = value;
            }
        }
    })?;
    let mut problems = Problems::of(text);
    for (key, value) in keys.iter().zip(values) {
        if let Some(value) = value.filter(|value| value.text(text).is_none()) {
            problems.expected(key, "a string", value);
        }
    }
    problems.into_result(values.map(|value| value.and_then(|value| value.text(text))))
}

/// What is wrong with a request.
pub(super) struct Problems<'t> {
    /// The body.
    pub(super) text: &'t str,
    details: Vec<Detail>,
}

impl<'t> Problems<'t> {
    /// None so far.
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, details: Vec::new() }
    }

    pub(super) fn add(&mut self, path: &str, message: &str) {
        if self.details.len() < MAX_DETAILS {
            let (path, message) = (path.to_owned(), message.to_owned());
            self.details.push(Detail { index: None, path, message });
        }
    }

    pub(super) fn expected(&mut self, path: &str, expected: &str, found: Value) {
        let found = match found.text(self.text) {
            Some(text) => format!("'{}'", cut(&text)),
            None if found.kind() == Kind::Number => cut(found.raw(self.text)).into_owned(),
            None => found.kind().noun().to_owned(),
        };
        self.add(path, &format!("expected {expected}, found {found}"));
    }

    pub(super) fn into_result<T>(self, value: T) -> Result<T, Reject> {
        let Some(first) = self.details.first() else { return Ok(value) };
        let more = match self.details.len() {
            1 => String::new(),
            n => format!("; {} more in details", n - 1),
        };
        let message = format!("{}: {}{more}", first.path, first.message);
        Err(Reject::Validation { message, details: self.details })
    }
}
