//! The JSON scanner: one forward pass that checks the grammar and says where
//! values begin and end. It never recurses, never allocates and keeps no state.
//! What a value means is left to its callers.
//!
//! It accepts exactly the JSON that `serde_json` accepts when it skips a
//! value, but for nesting deeper than [`MAX_DEPTH`]. The bytes are UTF-8
//! already, so one of 0x80 or more can only be inside a string.

use crate::limits::MAX_DEPTH;

use super::error::{SyntaxError, SyntaxErrorKind, fail};
use super::lex::{next, scalar, string};
use super::value::{Kind, Value};

/// Nothing but white space may follow.
pub(crate) fn end(bytes: &[u8], at: usize) -> Result<(), SyntaxError> {
    let (_, at) = next(bytes, at);
    if at < bytes.len() { fail(bytes, at, SyntaxErrorKind::Trailing) } else { Ok(()) }
}

/// What is next in an array or object.
pub(crate) enum More {
    /// An item or a key, perhaps after white space.
    At(usize),
    /// Nothing; this is the place after it.
    End(usize),
}

/// What is next in an array or object that `close` closes; `first` after its
/// opening byte.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a fifth faster in wasm, where a result travels in memory"
)]
pub(crate) fn more(bytes: &[u8], at: usize, close: u8, first: bool) -> Result<More, SyntaxError> {
    let (found, at) = next(bytes, at);
    if found == close {
        Ok(More::End(at + 1))
    } else if first {
        Ok(More::At(at))
    } else if found == b',' {
        Ok(More::At(at + 1))
    } else {
        fail(bytes, at, missing(close))
    }
}

/// What closes an object, or an array.
fn closing(object: bool) -> u8 {
    if object { b'}' } else { b']' }
}

/// What is missing where neither a comma nor `close` is.
fn missing(close: u8) -> SyntaxErrorKind {
    if close == b'}' { SyntaxErrorKind::CommaOrBrace } else { SyntaxErrorKind::CommaOrBracket }
}

/// The key from `at` on, and the place after its colon.
#[inline]
pub(crate) fn key(bytes: &[u8], at: usize) -> Result<(Value, usize), SyntaxError> {
    let (found, start) = next(bytes, at);
    if found != b'"' {
        return fail(bytes, start, SyntaxErrorKind::Key);
    }
    let (kind, end) = string(bytes, start)?;
    let (found, at) = next(bytes, end);
    if found != b':' {
        return fail(bytes, at, SyntaxErrorKind::Colon);
    }
    Ok((Value::new(kind, start, end), at + 1))
}

/// The value from `at` on. `depth` is how many arrays and objects are open
/// around it.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a fifth faster in wasm, where a result travels in memory"
)]
pub(crate) fn value(bytes: &[u8], at: usize, depth: usize) -> Result<Value, SyntaxError> {
    let (first, start) = next(bytes, at);
    let (kind, end) = match first {
        b'"' => string(bytes, start)?,
        b'{' => (Kind::Object, nested(bytes, start, first, depth)?),
        b'[' => (Kind::Array, nested(bytes, start, first, depth)?),
        _ => scalar(bytes, start, first)?,
    };
    Ok(Value::new(kind, start, end))
}

/// The array or object at `at`, which `first` opens. Which of the two each
/// open one is, is a bit of `stack`.
#[inline(never)]
fn nested(bytes: &[u8], mut at: usize, first: u8, outer: usize) -> Result<usize, SyntaxError> {
    let mut stack = [0_u64; MAX_DEPTH / 64];
    let mut depth = outer;
    let mut close = 0;
    let mut found = first;
    loop {
        // `found`, at `at`, begins a value.
        match found {
            b'{' | b'[' => {
                let Some(word) = stack.get_mut(depth / 64) else {
                    return fail(bytes, at, SyntaxErrorKind::TooDeep);
                };
                let object = found == b'{';
                let bit = depth % 64;
                *word = (*word & !(1 << bit)) | u64::from(object) << bit;
                close = closing(object);
                depth += 1;
                (found, at) = next(bytes, at + 1);
                if object && found == b'"' {
                    (_, at) = key(bytes, at)?;
                    (found, at) = next(bytes, at);
                    continue;
                }
                if object && found != close {
                    return fail(bytes, at, SyntaxErrorKind::KeyOrBrace);
                }
                if found != close {
                    continue;
                }
            }
            b'"' => {
                (_, at) = string(bytes, at)?;
                (found, at) = next(bytes, at);
            }
            _ => {
                (_, at) = scalar(bytes, at, found)?;
                (found, at) = next(bytes, at);
            }
        }
        // `found` follows a value, or closes what has none.
        while found != b',' {
            if found != close {
                return fail(bytes, at, missing(close));
            }
            at += 1;
            depth -= 1;
            if depth == outer {
                return Ok(at);
            }
            let top = depth - 1;
            let object = stack.get(top / 64).is_some_and(|word| word >> (top % 64) & 1 == 1);
            close = closing(object);
            (found, at) = next(bytes, at);
        }
        at += 1;
        if close == b'}' {
            (_, at) = key(bytes, at)?;
        }
        (found, at) = next(bytes, at);
    }
}

const _: () = assert!(MAX_DEPTH.is_multiple_of(64));
