//! The JSON scanner: one forward pass that checks the grammar and says where
//! values begin and end. It never recurses and never allocates. What a value
//! means, and the text behind escapes, are left to its callers.
//!
//! It accepts exactly the JSON that `serde_json` accepts when it skips a
//! value, but for nesting deeper than [`MAX_DEPTH`]. The input is UTF-8
//! already, so a byte of 0x80 or more can only be inside a string.

use std::num::NonZeroU64;
use std::ops::Range;

use crate::limits::{MAX_BODY_BYTES, MAX_DEPTH};

use super::stop::{Stop, Why};

/// What a value is. Strings come in two kinds because only one needs decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null = 1,
    Bool,
    Number,
    /// A string without escapes.
    Plain,
    /// A string with at least one escape.
    Escaped,
    Array,
    Object,
}

impl Kind {
    /// As messages name it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Plain | Self::Escaped => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// A value's kind and its bytes, a string's quotes among them. In one word, so
/// that it stays in a register: 4 bits of kind, then 30 bits each of start and
/// end. Bodies have less than 2^23 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value(NonZeroU64);

const _: () = assert!(MAX_BODY_BYTES < 1 << 30 && MAX_DEPTH.is_multiple_of(64));

impl Value {
    #[inline]
    pub(super) fn new(kind: Kind, start: usize, end: usize) -> Self {
        let bits = kind as u64 | (start as u64) << 4 | (end as u64) << 34;
        Self(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }

    #[inline]
    pub(super) fn kind(self) -> Kind {
        match self.0.get() & 15 {
            2 => Kind::Bool,
            3 => Kind::Number,
            4 => Kind::Plain,
            5 => Kind::Escaped,
            6 => Kind::Array,
            7 => Kind::Object,
            _ => Kind::Null,
        }
    }

    /// Its bytes.
    #[inline]
    pub(super) fn range(self) -> Range<usize> {
        let bits = self.0.get();
        (bits >> 4) as usize & ((1 << 30) - 1)..(bits >> 34) as usize
    }

    /// The bytes between a string's quotes.
    #[inline]
    pub(super) fn inner(self) -> Range<usize> {
        let Range { start, end } = self.range();
        start + 1..end - 1
    }
}

/// A position in a text. Everything before it has been found good. A method
/// that finds something else returns `None`, and [`Scanner::stopped`] says what.
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    pos: usize,
    why: Why,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), pos: 0, why: Why::End }
    }

    /// Where it is.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// Why the last method that returned `None` did.
    pub(super) fn stopped(&self) -> Stop {
        Stop { at: self.pos, why: self.why }
    }

    /// Stops here, on something that is not JSON.
    #[cold]
    fn fail<T>(&mut self, why: Why) -> Option<T> {
        self.stop(if self.pos < self.bytes.len() { why } else { Why::End })
    }

    /// Stops here.
    #[cold]
    pub(super) fn stop<T>(&mut self, why: Why) -> Option<T> {
        self.why = why;
        None
    }

    /// The byte here, 0 at the end: no JSON has a 0 outside a string.
    #[inline]
    fn byte(&self) -> u8 {
        self.bytes.get(self.pos).copied().unwrap_or(0)
    }

    /// Passes white space; the byte after it, which is not taken.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        let mut byte = self.byte();
        while byte <= b' ' && matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            self.pos += 1;
            byte = self.byte();
        }
        byte
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek();
        if self.pos < self.bytes.len() { self.fail(Why::Trailing) } else { Some(()) }
    }

    /// Takes the opening bracket or brace that was peeked at.
    #[inline]
    pub(super) fn open(&mut self) {
        self.pos += 1;
    }

    /// The next key of the object that was opened, with its colon, or `None`
    /// and the object's end. `first` starts as true, once for each object.
    #[inline]
    pub(super) fn key(&mut self, first: &mut bool) -> Option<Option<Value>> {
        let mut byte = self.peek();
        if byte == b'}' {
            self.pos += 1;
            return Some(None);
        }
        if !std::mem::replace(first, false) {
            if byte != b',' {
                return self.fail(Why::CommaOrBrace);
            }
            self.pos += 1;
            byte = self.peek();
        }
        if byte != b'"' {
            return self.fail(Why::Key);
        }
        self.member().map(Some)
    }

    /// Whether the array that was opened has another item, which is next, or
    /// else its end. `first` starts as true, once for each array.
    #[inline]
    pub(super) fn item(&mut self, first: &mut bool) -> Option<bool> {
        let byte = self.peek();
        if byte == b']' {
            self.pos += 1;
            return Some(false);
        }
        if !std::mem::replace(first, false) {
            if byte != b',' {
                return self.fail(Why::CommaOrBracket);
            }
            self.pos += 1;
        }
        Some(true)
    }

    /// Any value. `depth` is how many arrays and objects are open around it.
    #[inline]
    pub(super) fn value(&mut self, depth: usize) -> Option<Value> {
        let byte = self.peek();
        let start = self.pos;
        let kind = match byte {
            b'"' => return self.string(),
            b'{' => self.nested(byte, depth).map(|()| Kind::Object)?,
            b'[' => self.nested(byte, depth).map(|()| Kind::Array)?,
            _ => self.scalar(byte)?,
        };
        Some(Value::new(kind, start, self.pos))
    }

    /// The array or object that `byte` opens, whole. Which of the two each open
    /// one is, is a bit of `stack`.
    #[inline(never)]
    fn nested(&mut self, mut byte: u8, outer: usize) -> Option<()> {
        let mut stack = [0_u64; MAX_DEPTH / 64];
        let mut depth = outer;
        let mut object = false;
        loop {
            // `byte` begins a value.
            match byte {
                b'{' | b'[' => {
                    let Some(word) = stack.get_mut(depth / 64) else {
                        return self.fail(Why::TooDeep);
                    };
                    object = byte == b'{';
                    let bit = depth % 64;
                    *word = *word & !(1 << bit) | u64::from(object) << bit;
                    depth += 1;
                    self.pos += 1;
                    byte = self.peek();
                    if object && byte == b'"' {
                        self.member()?;
                        byte = self.peek();
                        continue;
                    }
                    if object && byte != b'}' {
                        return self.fail(Why::KeyOrBrace);
                    }
                    if !object && byte != b']' {
                        continue;
                    }
                }
                b'"' => {
                    self.string()?;
                    byte = self.peek();
                }
                _ => {
                    self.scalar(byte)?;
                    byte = self.peek();
                }
            }
            // `byte` follows a value, or closes what has none.
            while byte != b',' {
                if byte != if object { b'}' } else { b']' } {
                    let why = if object { Why::CommaOrBrace } else { Why::CommaOrBracket };
                    return self.fail(why);
                }
                self.pos += 1;
                depth -= 1;
                if depth == outer {
                    return Some(());
                }
                let top = depth - 1;
                object = stack.get(top / 64).is_some_and(|word| word >> (top % 64) & 1 == 1);
                byte = self.peek();
            }
            self.pos += 1;
            byte = self.peek();
            if object {
                if byte != b'"' {
                    return self.fail(Why::Key);
                }
                self.member()?;
                byte = self.peek();
            }
        }
    }

    /// The key here, at its opening quote, and the colon after it.
    #[inline]
    fn member(&mut self) -> Option<Value> {
        let key = self.string()?;
        if self.peek() != b':' {
            return self.fail(Why::Colon);
        }
        self.pos += 1;
        Some(key)
    }

    /// The string here, at its opening quote.
    #[inline]
    fn string(&mut self) -> Option<Value> {
        let start = self.pos;
        let mut kind = Kind::Plain;
        self.pos += 1;
        loop {
            self.pos += plain(self.bytes.get(self.pos..).unwrap_or_default());
            match self.byte() {
                b'"' => {
                    self.pos += 1;
                    return Some(Value::new(kind, start, self.pos));
                }
                b'\\' => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                _ => return self.fail(Why::Control),
            }
        }
    }

    /// The escape here, at its backslash. Lone surrogates are let through.
    #[inline]
    fn escape(&mut self) -> Option<()> {
        self.pos += 1;
        match self.byte() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.pos += 1,
            b'u' => {
                self.pos += 1;
                for _ in 0..4 {
                    if !self.byte().is_ascii_hexdigit() {
                        return self.fail(Why::Hex);
                    }
                    self.pos += 1;
                }
            }
            _ => return self.fail(Why::Escape),
        }
        Some(())
    }

    /// The number or literal here, which `byte` begins.
    #[inline]
    fn scalar(&mut self, byte: u8) -> Option<Kind> {
        match byte {
            b'-' | b'0'..=b'9' => self.number(byte).map(|()| Kind::Number),
            b't' => self.literal(b"true").map(|()| Kind::Bool),
            b'f' => self.literal(b"false").map(|()| Kind::Bool),
            b'n' => self.literal(b"null").map(|()| Kind::Null),
            _ => self.fail(Why::Value),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Option<()> {
        for byte in word {
            if self.byte() != *byte {
                return self.fail(Why::Literal);
            }
            self.pos += 1;
        }
        Some(())
    }

    fn number(&mut self, byte: u8) -> Option<()> {
        if byte == b'-' {
            self.pos += 1;
        }
        if self.byte() == b'0' {
            self.pos += 1;
            if self.byte().is_ascii_digit() {
                return self.fail(Why::LeadingZero);
            }
        } else {
            self.digits()?;
        }
        if self.byte() == b'.' {
            self.pos += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.pos += 1;
            if matches!(self.byte(), b'+' | b'-') {
                self.pos += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    #[inline]
    fn digits(&mut self) -> Option<()> {
        if !self.byte().is_ascii_digit() {
            return self.fail(Why::Digit);
        }
        while self.byte().is_ascii_digit() {
            self.pos += 1;
        }
        Some(())
    }
}

/// How many bytes of a string come before its first quote, backslash or
/// control byte. Eight at a time: each test leaves the high bit set of a byte
/// that it finds. A borrow can falsely set those above it, never one below, so
/// the lowest is always true.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let (chunks, tail) = bytes.as_chunks::<8>();
    for (i, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        // With bit 1 flipped, the quote (0x22) joins the control bytes below 0x21.
        let quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
        let slash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
        let found = (quote | slash) & !word & HIGH;
        if found != 0 {
            return i * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let stop = tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    chunks.len() * 8 + stop.unwrap_or(tail.len())
}
