//! What the index keeps of texts: their beginnings, no longer than a bound.

use crate::limits::{MAX_INDEXED_BYTES, MAX_INDEXED_METADATA_BYTES, MAX_TAGS};
use crate::model::Text;

/// Metadata as the index has it: nothing in place of what is too long.
pub(super) fn short(metadata: &str) -> &str {
    if metadata.len() > MAX_INDEXED_METADATA_BYTES { "" } else { metadata }
}

/// A JSON array of the first texts, as many as fit into so many bytes.
pub(super) fn list(texts: &[Text], most: usize) -> String {
    let mut json = String::from("[");
    for text in texts.iter().take(MAX_TAGS) {
        let Ok(text) = serde_json::to_string(cut(text, MAX_INDEXED_BYTES)) else { break };
        let comma = if json.len() > 1 { "," } else { "" };
        if json.len() + comma.len() + text.len() + "]".len() > most {
            break;
        }
        json.push_str(comma);
        json.push_str(&text);
    }
    json.push(']');
    json
}

/// The longest beginning of the text that has at most `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_character_boundaries() {
        assert_eq!(cut("abc", 4), "abc");
        assert_eq!(cut("abc", 2), "ab");
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn lists_as_many_texts_as_fit() {
        let texts = |texts: &[&str]| {
            texts.iter().map(|text| Text::from((*text).to_owned())).collect::<Vec<_>>()
        };
        for (all, most, json) in [
            (&["a", "b"][..], 9, r#"["a","b"]"#),
            (&["a", "b"], 8, r#"["a"]"#),
            (&["a", "b"], 4, "[]"),
            (&["a", "bcd", "e"], 10, r#"["a"]"#),
            (&["\u{1}"], 10, r#"["\u0001"]"#),
            (&["\u{1}"], 9, "[]"),
            (&[], 2, "[]"),
        ] {
            assert_eq!(list(&texts(all), most), json, "{all:?} in {most}");
        }
    }
}
