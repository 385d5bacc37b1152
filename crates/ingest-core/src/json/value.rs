//! Where a value is in a body and what kind it is: what the scanner finds and
//! the slots keep. What it means is read out of the body when it is wanted.

use std::num::NonZeroU64;
use std::ops::Range;

use crate::limits::{MAX_BODY_BYTES, MAX_MULTIPART_BODY_BYTES, MAX_OTLP_BODY_BYTES};

/// What a value is. Strings come in two kinds because only one needs decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null = 1,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string without escapes.
    Plain,
    /// A string with at least one escape.
    Escaped,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// As messages name it.
    #[must_use]
    pub fn noun(self) -> &'static str {
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
/// end. Bodies have less than 2^25 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Value(NonZeroU64);

const _: () = assert!(MAX_BODY_BYTES < 1 << 30 && MAX_OTLP_BODY_BYTES < 1 << 30);
const _: () = assert!(MAX_MULTIPART_BODY_BYTES < 1 << 30);

impl Value {
    #[inline]
    pub(crate) fn new(kind: Kind, start: usize, end: usize) -> Self {
        let bits = kind as u64 | (start as u64) << 4 | (end as u64) << 34;
        Self(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }

    /// What it is.
    #[must_use]
    #[inline]
    pub fn kind(self) -> Kind {
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
    #[must_use]
    #[inline]
    pub fn range(self) -> Range<usize> {
        let bits = self.0.get();
        (bits >> 4) as usize & ((1 << 30) - 1)..(bits >> 34) as usize
    }

    /// The bytes between a string's quotes.
    #[inline]
    pub(crate) fn inner(self) -> Range<usize> {
        let Range { start, end } = self.range();
        start + 1..end - 1
    }
}
