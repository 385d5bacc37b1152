//! From a JSON string, which the scanner has passed, to its text; and cutting
//! what an error message quotes. Nothing is checked again here.

use std::borrow::Cow;

use crate::model::Text;

use super::value::{Kind, Value};

/// Most characters of a client's own text in an error message.
const QUOTED: usize = 40;

impl Value {
    /// The value as it was sent.
    #[must_use]
    #[inline]
    pub fn raw(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or_default()
    }

    /// A string's text, `None` for any other kind.
    #[must_use]
    #[inline]
    pub fn text(self, text: &str) -> Option<Text<'_>> {
        let inner = || text.get(self.inner()).unwrap_or_default();
        match self.kind() {
            Kind::Plain => Some(Cow::Borrowed(inner())),
            Kind::Escaped => Some(Cow::Owned(unescape(inner()))),
            _ => None,
        }
    }
}

/// The text behind a string's escapes. A surrogate without its other half is
/// not text and becomes U+FFFD.
pub(crate) fn unescape(mut raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    while let Some((plain, rest)) = raw.split_once('\\') {
        text.push_str(plain);
        let mut chars = rest.chars();
        let c = match chars.next() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let (c, after) = unit(chars.as_str());
                chars = after.chars();
                c
            }
            Some(itself) => itself,
            // It was cut off here.
            None => return text,
        };
        text.push(c);
        raw = chars.as_str();
    }
    text.push_str(raw);
    text
}

/// The character that begins with the four digits of a `\u`, taking the `\u`
/// that follows where the two are a pair; and the rest.
fn unit(digits: &str) -> (char, &str) {
    let (high, rest) = hex(digits);
    if (0xd800..0xdc00).contains(&high)
        && let Some(next) = rest.strip_prefix("\\u")
    {
        let (low, after) = hex(next);
        if (0xdc00..0xe000).contains(&low) {
            let pair = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return (char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), after);
        }
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), rest)
}

/// The first escape of a string that is half of a surrogate pair without the other
/// half, as it was written.
pub(crate) fn lone_surrogate(mut raw: &str) -> Option<&str> {
    while let Some((_, rest)) = raw.split_once('\\') {
        let Some(digits) = rest.strip_prefix('u') else {
            let mut chars = rest.chars();
            chars.next();
            raw = chars.as_str();
            continue;
        };
        let (c, after) = unit(digits);
        if c == char::REPLACEMENT_CHARACTER && (0xd800..0xe000).contains(&hex(digits).0) {
            return raw.get(raw.len() - rest.len() - 1..raw.len() - after.len());
        }
        raw = after;
    }
    None
}

fn hex(text: &str) -> (u32, &str) {
    let (digits, rest) = text.split_at_checked(4).unwrap_or((text, ""));
    (u32::from_str_radix(digits, 16).unwrap_or(0xfffd), rest)
}

/// At most the first [`QUOTED`] characters, with a sign that there were more.
#[must_use]
pub fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// A value as the client wrote it, cut to what a message can show.
pub(crate) fn quote(text: &str, value: Value) -> String {
    let raw = value.raw(text);
    match value.kind() {
        Kind::Plain | Kind::Escaped => {
            format!("\"{}\"", cut(raw.get(1..raw.len() - 1).unwrap_or_default()))
        }
        _ => cut(raw).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unescapes() {
        for (raw, text) in [
            ("", ""),
            ("plain é", "plain é"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"a\u0041\u00e9\u20AC\u0000", "aAé€\0"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud800\udc00|\udbff\udfff", "\u{10000}|\u{10ffff}"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00x", "\u{fffd}x"),
            (r"\ud83dx\ude00", "\u{fffd}x\u{fffd}"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"cut\", "cut"),
            (r"\ud7ff\ue000", "\u{d7ff}\u{e000}"),
        ] {
            assert_eq!(unescape(raw), text, "{raw}");
        }
    }

    #[test]
    fn finds_halves_of_surrogate_pairs() {
        for (raw, half) in [
            (r"plain", None),
            (r"a\\ud83d", None),
            (r"\ufffd\ud83d\ude00\n\ud7ff\ue000", None),
            (r"\ud83d", Some(r"\ud83d")),
            (r"\\\ud83d\ud83d\ude00", Some(r"\ud83d")),
            (r"\ud83d\ude00\uDCFF.txt", Some(r"\uDCFF")),
            (r"\ud83dx\ude00", Some(r"\ud83d")),
        ] {
            assert_eq!(lone_surrogate(raw), half, "{raw}");
        }
    }

    #[test]
    fn cuts_between_characters() {
        let (forty, more) = ("é".repeat(40), "é".repeat(41));
        assert_eq!(cut(&forty), forty);
        assert_eq!(cut(&more), format!("{forty}…"));
    }
}
