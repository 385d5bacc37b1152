//! A body that is an object with a list of events, each an object: finding them, and what
//! is told of the bad ones. What an object says is its format's.

use std::ops::Range;

use super::decoded::Decoded;
use super::field;
use super::field::Problem;
use super::object::Object;
use crate::error::Reject;
use crate::json::descend::{array, object, skip};
use crate::json::lex::next;
use crate::json::scan;
use crate::json::value::Kind;
use crate::limits::MAX_DETAILS;
use crate::model::Event;

/// What a body may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List {
    /// The key of the list.
    pub(crate) key: &'static str,
    /// Most bytes of the body.
    pub(crate) max_bytes: usize,
    /// Most events in the list.
    pub(crate) max_events: usize,
}

/// Reads an object as an event, which lies there; an error is what is wrong with it.
pub(crate) type ReadEvent<'a> = fn(&Object<'a>, Range<usize>) -> Result<Event<'a>, Problem>;

impl List {
    /// Decodes a body: `each` is given every good event, in order, before the rest of the body
    /// was looked at. On `Err`, whatever it has kept must be dropped.
    ///
    /// # Errors
    /// What condemns the whole body: too many bytes or events, bytes that are not UTF-8, text
    /// that is not JSON, and a root that is not an object with one such list.
    pub(crate) fn decode<'a>(
        self,
        body: &'a [u8],
        read: ReadEvent<'a>,
        each: &mut dyn FnMut(Event<'a>),
    ) -> Result<Decoded, Reject> {
        let text = self.text_of(body)?;
        let mut decoded = Decoded::default();
        let mut wrong = None;
        let mut lists = 0;
        let walked = object(text, 0, 0, &mut |key, at| {
            let (found, start) = next(text.as_bytes(), at);
            if key != self.key || wrong.is_some() {
                return skip(text, at, 1);
            }
            if found != b'[' {
                let value = scan::value(text.as_bytes(), start, 1)?;
                if value.kind() != Kind::Null {
                    wrong = Some(format!("expected an array, found {}", value.kind().noun()));
                }
                return Ok(value.range().end);
            }
            lists += 1;
            if lists > 1 {
                wrong = Some("given twice".into());
            }
            array(text, at, 1, &mut |at| {
                if decoded.events > self.max_events {
                    return skip(text, at, 2);
                }
                let (_, start) = next(text.as_bytes(), at);
                let (found, end) = Object::read(text, start, 2)?;
                let index = decoded.events;
                decoded.events += 1;
                let event = found
                    .map_err(|kind| {
                        Problem::new("", format!("expected an object, found {}", kind.noun()))
                    })
                    .and_then(|object| read(&object, start..end));
                match event {
                    Ok(event) => {
                        decoded.accepted += 1;
                        each(Event { index, ..event });
                    }
                    Err(problem) => self.note(&mut decoded, index, &problem),
                }
                Ok(end)
            })
        });
        let end = walked.map_err(|error| error.into_reject(text))?;
        let (found, start) = next(text.as_bytes(), 0);
        if found != b'{' {
            let kind = scan::value(text.as_bytes(), start, 0).map(crate::json::value::Value::kind);
            let kind = kind.map_err(|error| error.into_reject(text))?.noun();
            let expected = format!("expected an object with a `{}`, found {kind}", self.key);
            return Err(Reject::invalid("", expected));
        }
        scan::end(text.as_bytes(), end).map_err(|error| error.into_reject(text))?;
        if let Some(wrong) = wrong {
            return Err(Reject::invalid(self.key, wrong));
        }
        if lists == 0 {
            return Err(Reject::invalid(self.key, "required"));
        }
        if decoded.events > self.max_events {
            let most = self.max_events;
            return Err(Reject::TooLarge(format!("more than {most} events in `{}`", self.key)));
        }
        Ok(decoded)
    }

    fn note(self, decoded: &mut Decoded, index: usize, problem: &Problem) {
        decoded.invalid += 1;
        decoded.problems += 1;
        if decoded.details.len() < MAX_DETAILS {
            decoded.details.push(problem.detail(&format!("{}[{index}]", self.key), index));
        }
    }

    fn text_of(self, body: &[u8]) -> Result<&str, Reject> {
        if body.len() > self.max_bytes {
            let (found, most) = (body.len(), self.max_bytes);
            return Err(Reject::TooLarge(format!("the body has {found} bytes, over {most}")));
        }
        field::text_of(body)
    }
}

/// One object by itself, as it lay in the list, read once more.
pub(crate) fn decode_one<'a>(text: &'a str, read: ReadEvent<'a>) -> Option<Event<'a>> {
    let (found, end) = Object::read(text, 0, 2).ok()?;
    scan::end(text.as_bytes(), end).ok()?;
    read(&found.ok()?, 0..text.len()).ok()
}
