//! Bytes as hexadecimal digits: how they travel to D1 and back, which takes and gives
//! JSON, and bytes only as lists of numbers.

use base16ct::upper;

/// The digits of these bytes, as SQLite's `hex` writes them.
#[must_use]
pub fn write(bytes: &[u8]) -> String {
    upper::encode_string(bytes)
}

/// The bytes of these digits; `None` where they are none.
#[must_use]
pub fn read(text: &str) -> Option<Vec<u8>> {
    upper::decode_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_was_written(bytes: Vec<u8>) {
            prop_assert_eq!(read(&write(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn reads_no_other_digits() {
        for text in ["0", "0g", "ab", "é"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
