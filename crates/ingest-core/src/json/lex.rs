//! JSON's smallest parts: white space, strings, numbers and literals. Each
//! function takes a place in the body and returns the one after the part, so
//! that the place stays in a register. What strings and numbers mean is left
//! to `text` and `number`.

use super::error::{SyntaxError, SyntaxErrorKind, fail};
use super::value::Kind;

/// A part's kind and the place after it.
pub(crate) type Part = Result<(Kind, usize), SyntaxError>;

/// The byte at a place, 0 at the end: no JSON has a 0 outside a string.
#[inline]
pub(crate) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The first byte from a place on that is not white space, and its place.
#[inline]
pub(crate) fn next(bytes: &[u8], mut at: usize) -> (u8, usize) {
    let mut found = byte(bytes, at);
    while found <= b' ' && matches!(found, b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
        found = byte(bytes, at);
    }
    (found, at)
}

/// The string whose opening quote is at `start`.
#[inline]
pub(crate) fn string(bytes: &[u8], start: usize) -> Part {
    let (found, at) = plain(bytes, start + 1);
    if found == b'"' { Ok((Kind::Plain, at + 1)) } else { escaped(bytes, at) }
}

/// The rest of a string from its first backslash on.
#[inline(never)]
fn escaped(bytes: &[u8], mut at: usize) -> Part {
    while byte(bytes, at) == b'\\' {
        let (found, end) = plain(bytes, escape(bytes, at + 1)?);
        if found == b'"' {
            return Ok((Kind::Escaped, end + 1));
        }
        at = end;
    }
    fail(bytes, at, SyntaxErrorKind::Control)
}

/// What follows a backslash. Lone surrogates are let through.
#[inline]
fn escape(bytes: &[u8], at: usize) -> Result<usize, SyntaxError> {
    match byte(bytes, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => {
            let digits = at + 1..at + 5;
            match digits.clone().find(|at| !byte(bytes, *at).is_ascii_hexdigit()) {
                None => Ok(digits.end),
                Some(at) => fail(bytes, at, SyntaxErrorKind::Hex),
            }
        }
        _ => fail(bytes, at, SyntaxErrorKind::Escape),
    }
}

/// The first quote, backslash or control byte of a string, from `at` on, and
/// its place; or 0 and the end. Eight bytes at a time: each test leaves the
/// high bit set of a byte that it finds. A borrow can falsely set those above
/// it, never one below, so the lowest is always true.
#[inline]
fn plain(bytes: &[u8], mut at: usize) -> (u8, usize) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let (chunks, tail) = bytes.get(at..).unwrap_or_default().as_chunks::<8>();
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        // With bit 1 flipped, the quote (0x22) joins the control bytes below 0x21.
        let quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
        let slash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
        let found = (quote | slash) & !word & HIGH;
        if found != 0 {
            let lane = found.trailing_zeros() as usize / 8;
            return (byte(chunk, lane), at + lane);
        }
        at += 8;
    }
    last(tail, at)
}

/// The same for what is left of the body, less than a word.
#[cold]
fn last(tail: &[u8], at: usize) -> (u8, usize) {
    let found = tail.iter().enumerate().find(|(_, byte)| matches!(byte, b'"' | b'\\' | 0..0x20));
    found.map_or((0, at + tail.len()), |(lane, byte)| (*byte, at + lane))
}

/// The number or literal that begins at `at` with the byte `first`.
#[inline]
pub(crate) fn scalar(bytes: &[u8], at: usize, first: u8) -> Part {
    match first {
        b'-' | b'0'..=b'9' => Ok((Kind::Number, number(bytes, at, first)?)),
        b't' => Ok((Kind::Bool, literal(bytes, at, b"true")?)),
        b'f' => Ok((Kind::Bool, literal(bytes, at, b"false")?)),
        b'n' => Ok((Kind::Null, literal(bytes, at, b"null")?)),
        _ => fail(bytes, at, SyntaxErrorKind::Value),
    }
}

fn literal(bytes: &[u8], mut at: usize, word: &[u8]) -> Result<usize, SyntaxError> {
    for wanted in word {
        if byte(bytes, at) != *wanted {
            return fail(bytes, at, SyntaxErrorKind::Literal);
        }
        at += 1;
    }
    Ok(at)
}

fn number(bytes: &[u8], mut at: usize, first: u8) -> Result<usize, SyntaxError> {
    at += usize::from(first == b'-');
    if byte(bytes, at) == b'0' {
        at += 1;
        if byte(bytes, at).is_ascii_digit() {
            return fail(bytes, at, SyntaxErrorKind::LeadingZero);
        }
    } else {
        at = digits(bytes, at)?;
    }
    if byte(bytes, at) == b'.' {
        at = digits(bytes, at + 1)?;
    }
    if matches!(byte(bytes, at), b'e' | b'E') {
        at += 1;
        at = digits(bytes, at + usize::from(matches!(byte(bytes, at), b'+' | b'-')))?;
    }
    Ok(at)
}

/// One digit or more.
#[inline]
fn digits(bytes: &[u8], start: usize) -> Result<usize, SyntaxError> {
    let mut at = start;
    while byte(bytes, at).is_ascii_digit() {
        at += 1;
    }
    if at == start { fail(bytes, at, SyntaxErrorKind::Digit) } else { Ok(at) }
}
