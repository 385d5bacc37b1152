//! JSON as people can read it: letters as letters.

/// JSON with its `\u0627` as the letters that they are: Python's `json.dumps`
/// writes all but ASCII so. Quotes, backslashes and control characters stay
/// escaped, and an escape that is cut off at the end goes.
pub(super) fn unescaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        text.push_str(before);
        let Some((letter, length)) = letter(escape) else { return text + "…" };
        match letter {
            Some(letter) => text.push(letter),
            None => text.push_str(escape.get(..length).unwrap_or(escape)),
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    text + rest
}

/// What an escape stands for, if it is better shown so, and its length; `None`
/// for one that is cut off.
fn letter(escape: &str) -> Option<(Option<char>, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    // A complete escape of this kind has six characters.
    let short = |text: &str| "\\u".starts_with(text) || (text.starts_with("\\u") && text.len() < 6);
    if short(escape) {
        return None;
    }
    let Some(first) = unit(escape) else {
        return Some((None, 1 + escape.chars().nth(1).map_or(0, char::len_utf8)));
    };
    let pair = (0xD800..0xDC00).contains(&first);
    let second = escape.get(6..).filter(|_| pair).unwrap_or_default();
    if pair && short(second) {
        return None;
    }
    let units = [first].into_iter().chain(unit(second));
    let letter = char::decode_utf16(units).next().and_then(Result::ok);
    let plain = letter.filter(|c| !c.is_control() && !matches!(c, '"' | '\\'));
    Some((plain, if letter.is_some() && pair { 12 } else { 6 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_letters_and_all_else_stays_json() {
        for (json, text) in [
            (r#"{"question":  "Where?"#, r#"{"question":  "Where?"#),
            (r#"{"answer": "\u0627\u0644\u0639"}"#, "{\"answer\": \"\u{627}\u{644}\u{639}\"}"),
            (
                r#"["\u00e9 \ud83d\ude00", "\n\\u00e9\"\u0022\u005c\u000a"]"#,
                "[\"é 😀\", \"\\n\\\\u00e9\\\"\\u0022\\u005c\\u000a\"]",
            ),
            (
                r#"["\ud83d", "\ud83dx", "\ude00", "\uzzzz", "\u12"]"#,
                r#"["\ud83d", "\ud83dx", "\ude00", "\uzzzz", "\u12"]"#,
            ),
            (r#"{"a": "\u0627\"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\u"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\u064"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\ud83d"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\ud83d\ude0"#, "{\"a\": \"\u{627}…"),
            (r#"{"a": "\u0627\n"#, "{\"a\": \"\u{627}\\n"),
            ("12", "12"),
        ] {
            assert_eq!(unescaped(json), text, "{json}");
        }
    }
}
