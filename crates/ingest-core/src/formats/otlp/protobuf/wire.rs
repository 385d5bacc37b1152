//! Protobuf's wire format: the fields of a message, one after the other, as places in
//! the body. Nothing is copied and nothing recurses. What fields mean is left to others.

use std::ops::Range;

/// What cannot be read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The place in the body.
    pub(crate) at: usize,
    /// What was expected there.
    pub(crate) expected: &'static str,
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: where its bytes begin and end.
    Bytes(usize, usize),
    /// Wire type 5.
    Fixed32(u32),
}

/// The fields of a message that are still to come.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    body: &'a [u8],
    at: usize,
    end: usize,
}

/// Deepest nesting of groups that is passed over; `protoc`'s own bound.
const MAX_GROUPS: usize = 100;

impl<'a> Fields<'a> {
    /// The fields of the message that lies there.
    pub(crate) fn of(body: &'a [u8], range: Range<usize>) -> Self {
        Self { body, at: range.start, end: range.end.min(body.len()) }
    }

    /// The next field's number and value; `None` at the end. Groups, which nobody sends
    /// any more, are passed over.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value)>, Malformed> {
        loop {
            if self.at >= self.end {
                return Ok(None);
            }
            let (number, kind) = self.tag()?;
            if kind == 3 {
                self.skip_group(number)?;
                continue;
            }
            return Ok(Some((number, self.value(kind)?)));
        }
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let start = self.at;
        let tag = self.varint()?;
        let wrong = Malformed { at: start, expected: "a field number" };
        let number = u32::try_from(tag >> 3).ok().filter(|n| (1..1 << 29).contains(n));
        let kind = (tag & 7) as u8;
        Ok((number.ok_or(wrong)?, kind))
    }

    #[inline]
    fn value(&mut self, kind: u8) -> Result<Value, Malformed> {
        match kind {
            0 => Ok(Value::Varint(self.varint()?)),
            1 => Ok(Value::Fixed64(u64::from_le_bytes(self.fixed()?))),
            2 => {
                let start = self.at;
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                let from = self.at;
                let to = from.checked_add(length).filter(|to| *to <= self.end);
                self.at =
                    to.ok_or(Malformed { at: start, expected: "no more bytes than there are" })?;
                Ok(Value::Bytes(from, self.at))
            }
            5 => Ok(Value::Fixed32(u32::from_le_bytes(self.fixed()?))),
            _ => Err(Malformed { at: self.at, expected: "a wire type from 0 to 5" }),
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        let start = self.at;
        let bytes = self.body.get(start..self.end).unwrap_or_default();
        // One byte or two are nearly all: tags, and lengths of less than 16 KB.
        match bytes {
            [first, ..] if *first < 0x80 => {
                self.at += 1;
                Ok(u64::from(*first))
            }
            [first, second, ..] if *second < 0x80 => {
                self.at += 2;
                Ok(u64::from(first & 0x7f) | u64::from(*second) << 7)
            }
            _ => self.long_varint(start),
        }
    }

    fn long_varint(&mut self, start: usize) -> Result<u64, Malformed> {
        let bytes = self.body.get(start..self.end).unwrap_or_default();
        let mut value = 0_u64;
        for (n, byte) in bytes.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * n);
            if *byte < 0x80 {
                // The tenth byte has one bit of the 64.
                if n == 9 && *byte > 1 {
                    break;
                }
                self.at += n + 1;
                return Ok(value);
            }
        }
        Err(Malformed { at: start, expected: "a number of at most 64 bits" })
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.body.get(self.at..self.end).and_then(<[u8]>::first_chunk::<N>);
        let bytes = bytes.ok_or(Malformed { at: self.at, expected: "a whole number" })?;
        self.at += N;
        Ok(*bytes)
    }

    #[cold]
    fn skip_group(&mut self, number: u32) -> Result<(), Malformed> {
        let start = self.at;
        let mut open = vec![number];
        while let Some(innermost) = open.last() {
            let at = self.at;
            let (number, kind) = self.tag()?;
            match kind {
                3 if open.len() < MAX_GROUPS => open.push(number),
                3 => return Err(Malformed { at, expected: "groups that are less deep" }),
                4 if number == *innermost => drop(open.pop()),
                4 => return Err(Malformed { at: start, expected: "a group that ends" }),
                _ => drop(self.value(kind)?),
            }
        }
        Ok(())
    }
}

impl Value {
    /// The place of a field of bytes, text or a message; empty for any other kind.
    #[inline]
    pub(crate) fn range(self) -> Range<usize> {
        match self {
            Self::Bytes(from, to) => from..to,
            _ => 0..0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(u32, Value)>, Malformed> {
        let mut fields = Fields::of(bytes, 0..bytes.len());
        let mut all = Vec::new();
        while let Some(field) = fields.next()? {
            all.push(field);
        }
        Ok(all)
    }

    #[test]
    fn reads_every_wire_type_and_passes_over_groups() {
        let bytes = [
            0x08, 0x96, 0x01, // 1: 150
            0x11, 1, 0, 0, 0, 0, 0, 0, 0, // 2: 1
            0x1a, 2, b'h', b'i', // 3: "hi"
            0x23, 0x2b, 0x30, 0x05, 0x2c, 0x24, // 4: a group with a group in it
            0x2d, 2, 0, 0, 0, // 5: 2
            0xf8, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
        ];
        let all = [
            (1, Value::Varint(150)),
            (2, Value::Fixed64(1)),
            (3, Value::Bytes(14, 16)),
            (5, Value::Fixed32(2)),
            (536_870_911, Value::Varint(u64::MAX)),
        ];
        assert_eq!(read(&bytes), Ok(all.to_vec()));
    }

    #[test]
    fn says_where_it_cannot_be_read() {
        for (bytes, at) in [
            (&[0x08][..], 1),
            (&[0x00, 0x00], 0),
            (&[0x08, 0xff], 1),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], 1),
            (&[0x0a, 0x02, 0x00], 1),
            (&[0x09, 0, 0, 0, 0, 0, 0, 0], 1),
            (&[0x0d, 0, 0, 0], 1),
            (&[0x0c], 1),
            (&[0x0e], 1),
            (&[0x0b, 0x14], 1),
            (&[0x0b], 1),
        ] {
            assert_eq!(read(bytes).unwrap_err().at, at, "{bytes:02x?}");
        }
        assert!(read(&[0x0b; 200]).is_err());
    }
}
