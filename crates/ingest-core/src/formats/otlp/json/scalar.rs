//! Ids, numbers and enums of OTLP in JSON, in every spelling that was met.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::json::number;
use crate::json::value::{Kind, Value};

/// The bytes of an id of `N` bytes: hexadecimal digits in any case, as the standard has
/// it; base64, as protobuf's own printers write it; or base64 of the digits. The three
/// have no length in common. `Err` is the number of characters of something else;
/// nothing and null are no bytes.
pub(super) fn read_id<const N: usize>(value: Option<Value>, text: &str) -> Result<Vec<u8>, usize> {
    let Some(id) = value.and_then(|value| value.text(text)) else {
        let other = value.filter(|value| value.kind() != Kind::Null);
        return other.map_or(Ok(Vec::new()), |value| Err(value.range().len()));
    };
    let of_digits = |digits: &[u8]| base16ct::mixed::decode_vec(digits).ok();
    let of_base64 = |bytes: usize| STANDARD.decode(&*id).ok().filter(|id| id.len() == bytes);
    let found = match id.len() {
        0 => Some(Vec::new()),
        n if n == 2 * N => of_digits(id.as_bytes()),
        n if n == base64_length(N) => of_base64(N),
        n if n == base64_length(2 * N) => of_base64(2 * N).and_then(|digits| of_digits(&digits)),
        _ => None,
    };
    found.ok_or(id.len())
}

/// Characters of so many bytes in base64.
const fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// A whole number from 0 on, as a number or as text: 0 for anything else.
pub(super) fn read_unsigned(value: Value, text: &str) -> u64 {
    match value.kind() {
        Kind::Number => number::integer(value.raw(text)),
        _ => value.text(text).and_then(|digits| digits.trim().parse().ok()),
    }
    .unwrap_or(0)
}

/// The same of 32 bits.
pub(super) fn read_count(value: Value, text: &str) -> u32 {
    u32::try_from(read_unsigned(value, text)).unwrap_or(u32::MAX)
}

/// An enum by number, or by its name in this list, whose first is 0.
pub(super) fn read_enum(value: Value, text: &str, names: &[&str]) -> u32 {
    let found = value.text(text).and_then(|name| names.iter().position(|known| *known == name));
    found.and_then(|at| u32::try_from(at).ok()).unwrap_or_else(|| read_count(value, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::descend;

    #[test]
    fn reads_ids_in_every_spelling() {
        let id = |json: &str| read_id::<8>(Some(descend::value(json, 0, 0).unwrap()), json);
        let bytes = vec![0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89];
        for json in [
            r#""abcdef0123456789""#,
            r#""ABCDEF0123456789""#,
            r#""q83vASNFZ4k=""#,
            r#""YWJjZGVmMDEyMzQ1Njc4OQ==""#,
        ] {
            assert_eq!(id(json), Ok(bytes.clone()), "{json}");
        }
        for none in ["\"\"", "null"] {
            assert_eq!(id(none), Ok(Vec::new()), "{none}");
        }
        for (bad, length) in
            [(r#""abc""#, 3), (r#""zbcdef0123456789""#, 16), ("12", 2), (r#""q83vASNFZ4k!""#, 12)]
        {
            assert_eq!(id(bad), Err(length), "{bad}");
        }
    }

    #[test]
    fn reads_numbers_and_enums_in_every_spelling() {
        let value = |json| descend::value(json, 0, 0).unwrap();
        for (json, number) in [
            ("\"1795550830993166217\"", 1_795_550_830_993_166_217),
            ("1795550830993166217", 1_795_550_830_993_166_217),
            ("1.795550830993166e18", 1_795_550_830_993_166_000),
            ("null", 0),
            ("-1", 0),
            ("\"x\"", 0),
        ] {
            assert_eq!(read_unsigned(value(json), json), number, "{json}");
        }
        for (json, kind) in [("3", 3), ("\"SPAN_KIND_CLIENT\"", 1), ("\"3\"", 3), ("\"x\"", 0)] {
            assert_eq!(read_enum(value(json), json, &["", "SPAN_KIND_CLIENT"]), kind, "{json}");
        }
    }
}
