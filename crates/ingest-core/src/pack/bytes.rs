//! Numbers, texts and ids as bytes, written and read.

use std::rc::Rc;

use super::{Damaged, VERSION};
use crate::fold::compact_id::{self, IdBytes, Packed};

/// What was written so far.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// The version is written.
    #[must_use]
    pub fn new(room: usize) -> Self {
        let mut bytes = Vec::with_capacity(room);
        bytes.push(VERSION);
        Self(bytes)
    }

    /// All bytes.
    #[must_use]
    pub fn end(self) -> Vec<u8> {
        self.0
    }

    /// A byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A number.
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    pub fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }

    /// A count or a place in a list.
    pub fn count(&mut self, n: usize) {
        self.number(n as u64);
    }

    /// A signed number.
    pub fn signed(&mut self, n: i64) {
        self.number((n << 1 ^ n >> 63).cast_unsigned());
    }

    /// A number as so many bytes, the lowest first.
    pub fn fixed(&mut self, n: u64, bytes: u32) {
        self.0.extend(n.to_le_bytes().iter().take(bytes as usize));
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.count(text.len());
        self.raw(text.as_bytes());
    }

    /// An id without its form.
    pub fn id(&mut self, id: &Packed) {
        match id {
            Packed::Bytes { bytes, .. } => self.raw(bytes),
            Packed::Text(text) => self.text(text),
        }
    }
}

/// What is left to be read.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// What comes after the version.
    ///
    /// # Errors
    /// [`Damaged`] for another version.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Damaged> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => Ok(Self(rest)),
            _ => Err(Damaged),
        }
    }

    /// Nothing is left.
    ///
    /// # Errors
    /// [`Damaged`] where something is.
    pub fn end(&self) -> Result<(), Damaged> {
        if self.0.is_empty() { Ok(()) } else { Err(Damaged) }
    }

    /// A byte.
    ///
    /// # Errors
    /// [`Damaged`] where there is none; so for all others.
    pub fn byte(&mut self) -> Result<u8, Damaged> {
        let (byte, rest) = self.0.split_first().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// So many bytes.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn raw(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(Damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// So many bytes as a number, the lowest first.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn fixed(&mut self, bytes: u32) -> Result<u64, Damaged> {
        let bytes = self.raw(bytes as usize)?;
        Ok(bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    /// A number.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn number(&mut self) -> Result<u64, Damaged> {
        let (mut n, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Damaged);
            }
            n |= bits << shift;
            if byte < 0x80 {
                return Ok(n);
            }
            shift += 7;
            if shift > 63 {
                return Err(Damaged);
            }
        }
    }

    /// A count of things of which each takes a byte at least.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn count(&mut self) -> Result<usize, Damaged> {
        let count = self.place()?;
        if count > self.0.len() { Err(Damaged) } else { Ok(count) }
    }

    /// A place in a list, or a length.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn place(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.number()?).map_err(|_| Damaged)
    }

    /// A signed number.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn signed(&mut self) -> Result<i64, Damaged> {
        let n = self.number()?;
        Ok((n >> 1).cast_signed() ^ -(n & 1).cast_signed())
    }

    /// A text.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.count()?;
        std::str::from_utf8(self.raw(length)?).map_err(|_| Damaged)
    }

    /// An id of this form.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn id(&mut self, form: u8) -> Result<Rc<str>, Damaged> {
        Ok(self.id_and_bytes(form)?.0)
    }

    /// The same, with its bytes if that is what it is.
    ///
    /// # Errors
    /// See [`Self::byte`].
    pub fn id_and_bytes(&mut self, form: u8) -> Result<(Rc<str>, Option<IdBytes>), Damaged> {
        match compact_id::bytes_of_form(form) {
            Some(length) => {
                let bytes = self.raw(length)?;
                let id = compact_id::keep(form, bytes).ok_or(Damaged)?;
                Ok((id, IdBytes::of(bytes)))
            }
            None if form == compact_id::TEXT_FORM => Ok((self.text()?.into(), None)),
            None => Err(Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_was_written(n: u64, signed: i64, text: String, id in "[-~=!a-zA-Z0-9]{0,30}") {
            let mut writer = Writer::new(0);
            let packed = compact_id::read(&id);
            writer.number(n);
            writer.signed(signed);
            writer.text(&text);
            writer.id(&packed);
            let bytes = writer.end();
            let mut reader = Reader::new(&bytes).unwrap();
            prop_assert_eq!(reader.number(), Ok(n));
            prop_assert_eq!(reader.signed(), Ok(signed));
            prop_assert_eq!(reader.text(), Ok(&*text));
            prop_assert_eq!(reader.id(packed.form()), Ok(Rc::from(&*id)));
            prop_assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn a_number_is_no_longer_than_64_bits() {
        let bytes = |last| [vec![VERSION], vec![0xff; 9], vec![last]].concat();
        assert_eq!(Reader::new(&bytes(1)).unwrap().number(), Ok(u64::MAX));
        assert_eq!(Reader::new(&bytes(2)).unwrap().number(), Err(Damaged));
        assert_eq!(
            Reader::new(&[vec![VERSION], vec![0xff; 12]].concat()).unwrap().number(),
            Err(Damaged)
        );
    }
}
