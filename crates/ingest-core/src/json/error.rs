//! What condemns a whole body, and saying so: where the JSON broke, by byte,
//! line, column and path. All of it runs once, for a body that is refused, so
//! the path is found by walking the body again up to that byte; the scanner
//! keeps no record of where it is.

use std::fmt::Write;

use crate::error::{Detail, Reject};
use crate::limits::{MAX_DEPTH, MAX_EVENTS};

use super::text::cut;
use super::value::Kind;

/// Why a body is refused whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyntaxErrorKind {
    // It is not JSON: what was expected at that place.
    End,
    Trailing,
    Value,
    Key,
    KeyOrBrace,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    Control,
    Escape,
    Hex,
    Literal,
    LeadingZero,
    Digit,
    TooDeep,
    // It is not a batch.
    /// The root is not an object.
    Root(Kind),
    NoBatch,
    BatchTwice,
    /// `batch` is not an array.
    Batch(Kind),
    TooManyEvents,
}

/// Why a body is refused whole, and the byte at which that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) why: SyntaxErrorKind,
}

/// Stops at `at`, on something that is not JSON.
#[cold]
pub(crate) fn fail<T>(bytes: &[u8], at: usize, why: SyntaxErrorKind) -> Result<T, SyntaxError> {
    Err(SyntaxError { at, why: if at < bytes.len() { why } else { SyntaxErrorKind::End } })
}

impl SyntaxError {
    /// For those who go down into a value themselves: it is nested too deep.
    #[must_use]
    pub fn too_deep(at: usize) -> Self {
        Self { at, why: SyntaxErrorKind::TooDeep }
    }

    /// Whether it is JSON that is nested too deep, rather than no JSON.
    #[must_use]
    pub fn is_too_deep(self) -> bool {
        self.why == SyntaxErrorKind::TooDeep
    }

    /// As the caller is told it.
    #[must_use]
    #[cold]
    pub fn into_reject(self, text: &str) -> Reject {
        let expected = match self.why {
            SyntaxErrorKind::End => "the body ends too early",
            SyntaxErrorKind::Trailing => "expected nothing more after the body's object",
            SyntaxErrorKind::Value => "expected a value",
            SyntaxErrorKind::Key => "expected a key in double quotes",
            SyntaxErrorKind::KeyOrBrace => "expected a key in double quotes or `}`",
            SyntaxErrorKind::Colon => "expected `:`",
            SyntaxErrorKind::CommaOrBrace => "expected `,` or `}`",
            SyntaxErrorKind::CommaOrBracket => "expected `,` or `]`",
            SyntaxErrorKind::Control => "a control character in a string must be escaped",
            SyntaxErrorKind::Escape => "expected one of \" \\ / b f n r t u after a backslash",
            SyntaxErrorKind::Hex => "expected four hexadecimal digits after `\\u`",
            SyntaxErrorKind::Literal => "expected true, false or null",
            SyntaxErrorKind::LeadingZero => "a number has no leading zero",
            SyntaxErrorKind::Digit => "expected a digit",
            SyntaxErrorKind::TooDeep => {
                return self.malformed(text, &format!("nested deeper than {MAX_DEPTH} levels"));
            }
            SyntaxErrorKind::Root(kind) => {
                let found = kind.noun();
                return whole(format!("expected an object with a `batch`, found {found}"));
            }
            SyntaxErrorKind::NoBatch => return Reject::invalid("batch", "required"),
            SyntaxErrorKind::BatchTwice => return Reject::invalid("batch", "given twice"),
            SyntaxErrorKind::Batch(kind) => {
                let message = format!("expected an array, found {}", kind.noun());
                return Reject::invalid("batch", message);
            }
            SyntaxErrorKind::TooManyEvents => {
                return Reject::TooLarge(format!("more than {MAX_EVENTS} events in a batch"));
            }
        };
        self.malformed(text, expected)
    }

    fn malformed(self, text: &str, expected: &str) -> Reject {
        let at = self.at;
        let before = text.get(..at).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let message =
            format!("malformed JSON at byte {at} (line {line}, column {column}): {expected}");
        let (index, path) = path(before);
        let detail = Detail { index, path, message: message.clone() };
        Reject::Validation { message, details: vec![detail] }
    }
}

/// A body that is not UTF-8 from the byte `at` on.
#[must_use]
#[cold]
pub fn not_utf8(at: usize) -> Reject {
    whole(format!("the body is not UTF-8: byte {at} does not belong there"))
}

/// A 400 that no path leads to.
fn whole(message: String) -> Reject {
    let detail = Detail { index: None, path: String::new(), message: message.clone() };
    Reject::Validation { message, details: vec![detail] }
}

/// What is open at a place, for the levels that a path names.
#[derive(Clone, Copy)]
enum Frame<'a> {
    /// An object, and the key met last.
    Object(&'a str),
    /// An array, and how many commas were met.
    Array(usize),
}

/// The levels that a path names: root, `batch`, event, `body`. What is deeper
/// is the client's own, and no business of an error message.
const LEVELS: usize = 4;

/// Where the end of `before`, the good beginning of a document, is in it: the
/// event's index, if it is in one, and the path.
fn path(before: &str) -> (Option<usize>, String) {
    let mut frames = [Frame::Array(0); LEVELS];
    let mut depth = 0_usize;
    let mut rest = before;
    while let Some(at) = rest.find(['"', '{', '[', '}', ']', ',']) {
        let (_, from) = rest.split_at(at);
        let top = depth.checked_sub(1).and_then(|top| frames.get_mut(top));
        let mut taken = 1;
        match from.as_bytes().first() {
            Some(b'"') => {
                let string = string(from);
                taken = string.len();
                // A key is a string with a colon after it.
                let colon = from.get(taken..).is_some_and(|s| s.trim_start().starts_with(':'));
                if let Some(Frame::Object(key)) = top
                    && colon
                {
                    *key = string.get(1..taken - 1).unwrap_or_default();
                }
            }
            Some(open @ (b'{' | b'[')) => {
                if let Some(frame) = frames.get_mut(depth) {
                    *frame = if *open == b'{' { Frame::Object("") } else { Frame::Array(0) };
                }
                depth += 1;
            }
            Some(b',') => match top {
                Some(Frame::Array(commas)) => *commas += 1,
                Some(Frame::Object(key)) => *key = "",
                None => {}
            },
            _ => depth = depth.saturating_sub(1),
        }
        rest = from.get(taken..).unwrap_or_default();
    }
    render(frames.get(..depth.min(LEVELS)).unwrap_or_default())
}

/// The string that `from` begins with, quotes included, or all of `from` where
/// it does not end.
fn string(from: &str) -> &str {
    let mut escaped = true; // the opening quote ends nothing
    let end = from.bytes().position(|byte| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end
    });
    end.and_then(|end| from.get(..=end)).unwrap_or(from)
}

fn render(frames: &[Frame<'_>]) -> (Option<usize>, String) {
    let mut path = String::new();
    let mut index = None;
    for frame in frames {
        match frame {
            Frame::Object("") => break,
            Frame::Object(key) => {
                let dot = if path.is_empty() { "" } else { "." };
                path.push_str(dot);
                path.push_str(&cut(key));
            }
            Frame::Array(at) => {
                if path == "batch" {
                    index = Some(*at);
                }
                let _ = write!(path, "[{at}]");
            }
        }
    }
    (index, path)
}
