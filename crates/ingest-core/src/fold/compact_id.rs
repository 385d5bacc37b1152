//! Ids as they are kept. Most ids are 128 random bits written in 36 characters: those
//! are kept in 23, and in 16 bytes where a trace's spans are packed. Everything that goes
//! into D1 or comes out of it passes here.

use std::borrow::Cow;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// A form of id with a shorter one: its mark, and how the bytes are written.
struct Form {
    mark: char,
    bytes: usize,
    /// Where the dashes are, by the count of hexadecimal digits before them.
    dashes: &'static [usize],
}

/// UUIDs, and OpenTelemetry's trace and span ids; in lower case, so that there
/// is one way to write each.
const FORMS: [Form; 3] = [
    Form { mark: '~', bytes: 16, dashes: &[8, 12, 16, 20] },
    Form { mark: '=', bytes: 16, dashes: &[] },
    Form { mark: '-', bytes: 8, dashes: &[] },
];

/// Stands before an id that begins with a mark, or with this.
const PLAIN: char = '!';

/// The id as it is kept. Different ids stay different.
#[must_use]
pub fn pack(id: &str) -> Cow<'_, str> {
    for form in &FORMS {
        if let Some(bytes) = form.read(id) {
            let mut packed = String::with_capacity(1 + 22);
            packed.push(form.mark);
            let bytes = bytes.get(..form.bytes).unwrap_or(&bytes);
            BASE64_URL_SAFE_NO_PAD.encode_string(bytes, &mut packed);
            return Cow::Owned(packed);
        }
    }
    let marked = id.starts_with(|c| c == PLAIN || FORMS.iter().any(|form| form.mark == c));
    if marked { Cow::Owned(format!("{PLAIN}{id}")) } else { Cow::Borrowed(id) }
}

/// The form of an id that is a text.
pub const TEXT_FORM: u8 = 3;

/// How many bytes an id of this form is, if it is bytes.
#[must_use]
pub fn bytes_of_form(form: u8) -> Option<usize> {
    FORMS.get(usize::from(form)).map(|form| form.bytes)
}

/// The bytes of an id of one of the shorter forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdBytes {
    bytes: [u8; 16],
    length: usize,
}

impl IdBytes {
    /// These bytes, of which there are no more than 16.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut all = [0; 16];
        all.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self { bytes: all, length: bytes.len() })
    }
}

impl std::ops::Deref for IdBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}

/// An id that is kept, without its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packed<'a> {
    /// One of the shorter forms.
    Bytes {
        /// Its place among them.
        form: u8,
        /// The bytes.
        bytes: IdBytes,
    },
    /// Any other.
    Text(&'a str),
}

impl Packed<'_> {
    /// The form.
    #[must_use]
    pub fn form(&self) -> u8 {
        match self {
            Self::Bytes { form, .. } => *form,
            Self::Text(_) => TEXT_FORM,
        }
    }
}

/// The form and the bytes of an id as it was sent, if it is of one of the shorter forms.
#[must_use]
pub fn bytes(id: &str) -> Option<(u8, IdBytes)> {
    (0..).zip(&FORMS).find_map(|(at, form)| {
        let bytes = form.read(id)?;
        Some((at, IdBytes { bytes, length: form.bytes }))
    })
}

/// The bytes of an id as it is kept: [`keep`] makes the same of them again.
#[must_use]
pub fn read(kept: &str) -> Packed<'_> {
    for (at, form) in (0..).zip(&FORMS) {
        let Some(text) = kept.strip_prefix(form.mark) else { continue };
        // As much as decoding may write.
        let mut room = [0; 18];
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut room).ok();
        let bytes = room.first_chunk().copied();
        if let Some(bytes) = bytes.filter(|_| length == Some(form.bytes)) {
            return Packed::Bytes { form: at, bytes: IdBytes { bytes, length: form.bytes } };
        }
    }
    Packed::Text(kept)
}

/// The id of these bytes, as it is kept; `None` where they are none of that form.
#[must_use]
pub fn keep(form: u8, bytes: &[u8]) -> Option<Rc<str>> {
    let form = FORMS.get(usize::from(form)).filter(|form| form.bytes == bytes.len())?;
    let mut packed = [0; 1 + 22];
    let (mark, rest) = packed.split_first_mut()?;
    *mark = u8::try_from(form.mark).ok()?;
    let length = BASE64_URL_SAFE_NO_PAD.encode_slice(bytes, rest).ok()?;
    std::str::from_utf8(packed.get(..=length)?).ok().map(Rc::from)
}

/// The id as the client sent it.
#[must_use]
pub fn unpack(kept: String) -> String {
    if let Some(id) = kept.strip_prefix(PLAIN) {
        return id.into();
    }
    let unpacked = FORMS.iter().find_map(|form| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(kept.strip_prefix(form.mark)?).ok()?;
        Some(form.write(&bytes))
    });
    unpacked.unwrap_or(kept)
}

impl Form {
    /// The bytes of an id of this form.
    fn read(&self, id: &str) -> Option<[u8; 16]> {
        if id.len() != self.bytes * 2 + self.dashes.len() {
            return None;
        }
        let mut digits = [0; 32];
        let (mut rest, mut free) = (id.as_bytes(), digits.as_mut_slice());
        let mut before = 0;
        for dash in self.dashes {
            let (group, others) = rest.split_at_checked(dash - before)?;
            let (room, others_free) = free.split_at_mut_checked(group.len())?;
            room.copy_from_slice(group);
            rest = others.strip_prefix(b"-")?;
            free = others_free;
            before = *dash;
        }
        free.get_mut(..rest.len())?.copy_from_slice(rest);
        let mut bytes = [0; 16];
        base16ct::lower::decode(digits.get(..self.bytes * 2)?, &mut bytes).ok()?;
        Some(bytes)
    }

    fn write(&self, bytes: &[u8]) -> String {
        use std::fmt::Write;
        let mut id = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if self.dashes.contains(&(at * 2)) {
                id.push('-');
            }
            let _ = write!(id, "{byte:02x}");
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shortens_the_usual_forms() {
        for (id, length) in [
            ("7d4f4ed8-6f0a-4d9c-8a52-0d1d0a1b2c3d", 23),
            ("7d4f4ed86f0a4d9c8a520d1d0a1b2c3d", 23),
            ("7d4f4ed86f0a4d9c", 12),
            ("7D4f4ed86f0a4d9c", 16),
            ("trace-1", 7),
            ("~x", 3),
        ] {
            assert_eq!(pack(id).len(), length, "{id}");
            assert_eq!(unpack(pack(id).into_owned()), id);
        }
    }

    proptest! {
        #[test]
        fn gives_back_every_id(
            id in prop_oneof![
                any::<String>(),
                "[-~=!0-9a-f]{0,40}",
                "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "[~=!-][A-Za-z0-9_-]{11,22}",
                "-{0,4}[0-9a-f-]{28,36}",
            ],
            other in "[-~=!]?[A-Za-z0-9_-]{0,23}",
        ) {
            prop_assert_eq!(unpack(pack(&id).into_owned()), id.clone());
            prop_assert_eq!(pack(&id) == pack(&other), id == other);
        }
    }
}
