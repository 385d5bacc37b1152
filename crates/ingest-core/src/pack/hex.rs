//! Bytes as hexadecimal digits: how they travel to D1 and back, which takes and gives
//! JSON, and bytes only as lists of numbers.

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// The digits of these bytes, as SQLite's `hex` writes them.
#[must_use]
pub fn write(bytes: &[u8]) -> String {
    let digit = |n: u8| DIGITS.get(usize::from(n)).copied().unwrap_or_default();
    let mut text = Vec::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    String::from_utf8(text).unwrap_or_default()
}

/// The bytes of these digits; `None` where they are none.
#[must_use]
pub fn read(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
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
