//! Whole phrases in a text: neither neighbour of one is a letter, a digit or `_`.

use super::outcome::Failure;
use super::words::{is_word, single_spaces};
use super::work::Work;

/// A text, or a phrase, as they are compared: in lower case, with `'` for `’` and runs of
/// white space as one space.
pub(crate) fn normal(text: &str) -> String {
    single_spaces(&text.to_lowercase().replace('’', "'"))
}

/// Whether a phrase is in a text; both are as [`normal`] makes them.
pub(crate) fn is_in(phrase: &str, text: &str, work: &mut Work) -> Result<bool, Failure> {
    let mut from = 0;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let found = rest.find(phrase);
        // What was looked at: up to where it was found, or all; and the phrase, of which a
        // search first makes a table.
        let passed = found.map_or(rest.len(), |at| at + phrase.len());
        work.spend_bytes(passed.saturating_add(phrase.len()))?;
        let Some(start) = found.map(|at| from + at) else { return Ok(false) };
        let end = start + phrase.len();
        let before = text.get(..start).unwrap_or_default().chars().next_back();
        let after = text.get(end..).unwrap_or_default().chars().next();
        let Some(first) = phrase.chars().next() else { return Ok(false) };
        if !before.is_some_and(is_word) && !after.is_some_and(is_word) {
            return Ok(true);
        }
        // The next one may begin within this one.
        from = start + first.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_phrases() {
        for (phrase, text, expected) in [
            ("shut up", "just shut up!", true),
            ("shut up", "shut upwards", false),
            ("ass", "pass the assessment", false),
            ("ass", "pass the ass", true),
            ("a a", "xa a a", true),
            ("é", "éé é", true),
            ("$$", "$$$ $", true),
            ("$$", "x$$y", false),
            ("x_y", "x_y_z", false),
        ] {
            let mut work = Work::new(1_000, "");
            assert_eq!(is_in(phrase, text, &mut work), Ok(expected), "{phrase} in {text}");
        }
        assert!(is_in("aa", &"a".repeat(500), &mut Work::new(1_000, "")).is_err());
    }
}
