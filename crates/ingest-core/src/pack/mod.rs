//! A trace's fold as bytes: [`spans`] its spans, [`head`] who said what of the trace
//! itself. What lists need stands in columns beside them. Nothing here decides anything:
//! what is packed and unpacked is the same again. Bytes that are not what was written are
//! [`Damaged`], never a panic; the raw batches in R2 make them anew.
//!
//! # The bytes of both
//!
//! The first byte is the version, [`VERSION`]. A *number* has seven bits in each byte, the
//! lowest first, the highest bit set in all but the last. A *signed number* is a number:
//! twice its value, or for a negative one twice its opposite less one. A *text* is a number
//! of bytes and so many bytes of UTF-8. A *word* is a number: the place of a text in the
//! list of words. Sums and differences wrap around at 64 bits.
//!
//! An *id* is its form, which stands elsewhere, and the 16, 16, 8 bytes of forms 0 to 2 of
//! [`crate::fold::compact_id`], or of form 3 a text, as it is kept.
//!
//! A *place* is a batch (its place in the list of batches), a context (0 for none, else its
//! place in the list of contexts from 1), an offset and a length, all numbers.

pub mod bytes;
pub mod head;
pub mod hex;
pub mod places;
pub mod spans;
pub mod usage;
pub mod words;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

/// The version of the bytes that are written. Others are not read.
pub const VERSION: u8 = 1;

/// Bytes that are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("its packed spans are damaged")
    }
}

impl std::error::Error for Damaged {}
