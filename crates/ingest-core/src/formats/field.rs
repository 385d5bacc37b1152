//! What a field of an object is to be, and what is said where it is not, the same in all
//! formats of JSON: ids, times, counts of tokens. The format that is sent most puts its
//! messages together itself (`twosignal`), where they are wanted.

use crate::error::{Detail, Reject};
use crate::json::error::not_utf8;
use crate::json::number;
use crate::json::text::{lone_surrogate, quote};
use crate::json::value::{Kind, Value};
use crate::limits::{MAX_ID_BYTES, MAX_TOKENS};
use crate::model::{Micros, Text};
use crate::time;

/// What is wrong with an event: the field of it, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Its path in the event: `body.level`. Empty for the event itself.
    pub(crate) field: &'static str,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }

    /// As the sender of a batch reads it, by where the event is in that.
    pub(crate) fn detail(&self, event: &str, index: usize) -> Detail {
        let dot = if self.field.is_empty() { "" } else { "." };
        let path = format!("{event}{dot}{}", self.field);
        Detail { index: Some(index), path, message: self.message.clone() }
    }
}

/// A body as text.
///
/// # Errors
/// Where it is not.
pub(crate) fn text_of(body: &[u8]) -> Result<&str, Reject> {
    simdutf8::compat::from_utf8(body).map_err(|error| not_utf8(error.valid_up_to()))
}

/// An id; an empty one is none. Halves of surrogate pairs are not let into ids, for all of
/// them would become the same character, nor are `.` and `..`, which no URL can end in.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn id(text: &str, value: Value) -> Result<Option<Text<'_>>, String> {
    let Some(id) = value.text(text) else {
        return Err(format!("expected a string, found {}", value.kind().noun()));
    };
    if value.kind() == Kind::Escaped
        && let Some(half) = text.get(value.inner()).and_then(lone_surrogate)
    {
        return Err(format!("expected text, found half of a surrogate pair, {half}"));
    }
    if matches!(&*id, "." | "..") {
        let found = quote(text, value);
        return Err(format!(
            "expected an id other than . and .., which no URL can end in, found {found}"
        ));
    }
    if id.len() > MAX_ID_BYTES {
        return Err(format!("expected at most {MAX_ID_BYTES} bytes, found {}", id.len()));
    }
    Ok(Some(id).filter(|id| !id.is_empty()))
}

/// A time.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn time(text: &str, value: Value) -> Result<Micros, String> {
    const WANTED: &str = "an ISO 8601 date and time such as 2026-03-14T10:00:00.000Z";
    let said = value.text(text);
    said.as_deref().and_then(time::parse).ok_or_else(|| {
        let found = match said {
            Some(_) => quote(text, value),
            None => value.kind().noun().to_owned(),
        };
        format!("expected {WANTED}, found {found}")
    })
}

/// A count of tokens; of what is none, nothing.
pub(crate) fn tokens(text: &str, value: Value) -> Option<u64> {
    let number = (value.kind() == Kind::Number).then(|| number::integer(value.raw(text)))?;
    number.filter(|tokens| *tokens <= MAX_TOKENS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::descend;

    fn value(text: &str) -> Value {
        descend::whole(text).unwrap()
    }

    #[test]
    fn ids_are_text_that_a_url_can_end_in() {
        let long = format!("\"{}\"", "x".repeat(MAX_ID_BYTES + 1));
        for (text, found) in [
            (r#""a""#, Ok(Some("a"))),
            (r#""""#, Ok(None)),
            ("1", Err("expected a string, found a number")),
            (r#""\ud800""#, Err("half of a surrogate pair, \\ud800")),
            (r#"".""#, Err("which no URL can end in, found \".\"")),
            (r#""\u002e.""#, Err("which no URL can end in, found \"\\u002e.\"")),
            (&long, Err("expected at most 256 bytes, found 257")),
        ] {
            let id = id(text, value(text));
            match found {
                Ok(found) => assert_eq!(id.unwrap().as_deref(), found, "{text}"),
                Err(why) => assert!(id.clone().unwrap_err().contains(why), "{text} {id:?}"),
            }
        }
    }

    #[test]
    fn times_and_counts_are_what_they_say() {
        let at = r#""2026-11-24T20:13:55.181157+00:00""#;
        assert_eq!(time(at, value(at)), Ok(1_795_551_235_181_157));
        for (text, found) in [(r#""soon""#, "found \"soon\""), ("5", "found a number")] {
            let why = time(text, value(text)).unwrap_err();
            assert!(why.contains(found), "{why}");
        }
        for (text, count) in [("5", Some(5)), ("-1", None), ("1e99", None), (r#""5""#, None)] {
            assert_eq!(tokens(text, value(text)), count, "{text}");
        }
    }
}
