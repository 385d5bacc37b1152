//! Where words that were looked for stand in a text: what is marked there, and the part of a
//! long one that is shown.

use std::ops::Range;

use ingest_core::fold::words::Wanted;

/// Characters before the first of the words that are shown.
const BEFORE: usize = 14;
/// Characters of an excerpt.
const LENGTH: usize = 240;

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where runs of words stand, in order. Languages that are looked for by pairs of letters have
/// none.
#[must_use]
pub fn places(wanted: &Wanted, text: &str) -> Vec<Range<usize>> {
    let (mut found, mut in_word, mut free) = (Vec::new(), false, 0);
    for (at, c) in text.char_indices() {
        if !in_word && at >= free && is_word(c) {
            let rest = text.get(at..).unwrap_or_default();
            let length = wanted.runs().iter().filter_map(|run| run_at(rest, run)).max();
            if let Some(length) = length {
                found.push(at..at + length);
                free = at + length;
            }
        }
        in_word = is_word(c);
    }
    found
}

/// How long a run of words is that a text begins with.
fn run_at(text: &str, run: &[String]) -> Option<usize> {
    let mut rest = text;
    for (nth, word) in run.iter().enumerate() {
        if nth > 0 {
            rest = rest.trim_start_matches(|c| !is_word(c));
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (here, after) = rest.split_at_checked(end)?;
        here.chars().flat_map(char::to_lowercase).eq(word.chars()).then_some(())?;
        rest = after;
    }
    Some(text.len() - rest.len())
}

/// The part of a text that has the first of the words in it, with what was left out marked;
/// nothing where none is in it.
#[must_use]
pub fn around(wanted: &Wanted, text: &str) -> Option<String> {
    let first = places(wanted, text).first()?.start;
    let before = text.get(..first)?;
    let start = before.char_indices().rev().nth(BEFORE).map(|(at, _)| at);
    // Not in the middle of a word.
    let start = start.map(|at| {
        before.get(at..).and_then(|part| part.find(char::is_whitespace)).map_or(first, |n| at + n)
    });
    let part = text.get(start.unwrap_or(0)..)?.trim_start();
    let end = part.char_indices().nth(LENGTH).map_or(part.len(), |(at, _)| at);
    let cut = |is: bool| if is { "…" } else { "" };
    let shown = part.get(..end)?;
    Some(format!("{}{shown}{}", cut(start.is_some()), cut(end < part.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_words_in_either_case() {
        let text = "A Goodwill  voucher, vouchers; GOODWILL–voucher: Öl_1 good";
        for (asked, found) in [
            ("goodwill", vec!["Goodwill", "GOODWILL"]),
            ("\"goodwill voucher\"", vec!["Goodwill  voucher", "GOODWILL–voucher"]),
            ("voucher öl_1", vec!["voucher", "voucher", "Öl_1"]),
            ("goodwill \"goodwill voucher\"", vec!["Goodwill  voucher", "GOODWILL–voucher"]),
            ("ouche", vec![]),
            ("\"good end\"", vec![]),
        ] {
            let wanted = Wanted::parse(asked).unwrap();
            let places = places(&wanted, text);
            let words: Vec<_> = places.into_iter().map(|place| &text[place]).collect();
            assert_eq!(words, found, "{asked}");
        }
    }

    #[test]
    fn shows_what_is_around_the_first() {
        let wanted = Wanted::parse("voucher").unwrap();
        let far = format!("{}a voucher of $15{}", "önly wörds ".repeat(50), " and more".repeat(50));
        let shown = around(&wanted, &far).unwrap();
        assert!(shown.starts_with("…önly wörds a voucher of $15 and"), "{shown}");
        assert!(shown.ends_with('…') && shown.chars().count() <= LENGTH + 2, "{shown}");
        assert_eq!(around(&wanted, "a voucher").as_deref(), Some("a voucher"));
        let long = format!("{}-voucher", "x".repeat(99));
        assert_eq!(around(&wanted, &long).as_deref(), Some("…voucher"));
        assert_eq!(around(&wanted, "no such thing"), None);
    }
}
