//! Recorded text on its way into an answer: what nobody would see is made visible, lengths
//! are those of JSON, and nothing is cut inside of a character.

use std::fmt::Write;

/// Whether people who read a text would not see this character, or would see others in
/// another order: controls, marks of direction and of no width, and Unicode's tags.
pub(super) fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || ('\u{200b}'..='\u{200f}').contains(&c)
        || ('\u{2028}'..='\u{202e}').contains(&c)
        || ('\u{2060}'..='\u{206f}').contains(&c)
        || ('\u{e0000}'..='\u{e007f}').contains(&c)
}

/// Bytes of a character in a string of JSON.
fn width(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}

/// A text of one line for a name, an error or a preview, of at most so many bytes in JSON.
/// What is hidden in it is spelled out.
pub(super) fn shown(text: &str, most: usize) -> String {
    let (mut out, mut used) = (String::new(), 0);
    for c in text.chars() {
        let before = out.len();
        if is_hidden(c) {
            write!(out, "⟨U+{:04X}⟩", u32::from(c)).ok();
        } else {
            out.push(c);
        }
        let added: usize = out.get(before..).unwrap_or_default().chars().map(width).sum();
        // Room for the mark of what is missing.
        if used + added + '…'.len_utf8() > most {
            out.truncate(before);
            out.push('…');
            break;
        }
        used += added;
    }
    out
}

/// A part of a text as it is, from a byte on, of at most so many bytes in JSON: the part,
/// and where it ends.
pub(super) fn part(text: &str, from: usize, most: usize) -> (&str, usize) {
    let mut start = from.min(text.len());
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let rest = text.get(start..).unwrap_or_default();
    let mut used = 0;
    let end = rest.char_indices().find(|(_, c)| {
        used += width(*c);
        used > most
    });
    let length = end.map_or(rest.len(), |(at, _)| at);
    (rest.get(..length).unwrap_or_default(), start + length)
}

/// A string of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The places of some numbers, those of the greatest first; of equal ones in their order.
pub(super) fn greatest_first(numbers: impl Iterator<Item = i64>) -> Vec<usize> {
    let mut places: Vec<(i64, usize)> =
        numbers.enumerate().map(|(place, number)| (number.saturating_neg(), place)).collect();
    places.sort_unstable();
    places.into_iter().map(|(_, place)| place).collect()
}

/// An object that is written field by field.
#[derive(Debug, Clone)]
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".into())
    }

    /// A field that is JSON already.
    pub(super) fn json(&mut self, key: &'static str, json: &str) -> &mut Self {
        let comma = if self.0.len() > 1 { ",\"" } else { "\"" };
        self.0.extend([comma, key, "\":", json]);
        self
    }

    /// A text, as it is.
    pub(super) fn text(&mut self, key: &'static str, text: &str) -> &mut Self {
        self.json(key, &quoted(text))
    }

    /// Recorded text of one line, where there is any.
    pub(super) fn shown(&mut self, key: &'static str, text: &str, most: usize) -> &mut Self {
        if text.is_empty() { self } else { self.text(key, &shown(text, most)) }
    }

    /// A number.
    pub(super) fn whole(&mut self, key: &'static str, number: i64) -> &mut Self {
        self.json(key, &number.to_string())
    }

    /// A number, where it is known.
    pub(super) fn known(&mut self, key: &'static str, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.whole(key, number),
            None => self,
        }
    }

    /// A number, unless it is 0.
    pub(super) fn some(&mut self, key: &'static str, number: i64) -> &mut Self {
        self.known(key, Some(number).filter(|number| *number != 0))
    }

    /// Items that are JSON already.
    pub(super) fn list(&mut self, key: &'static str, items: &[String]) -> &mut Self {
        self.json(key, &format!("[{}]", items.join(",")))
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn end(&self) -> String {
        format!("{}}}", self.0)
    }
}

/// Rows of an answer, as many as there is room for.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) all: Vec<String>,
    used: usize,
    most: usize,
}

impl Rows {
    /// None, and room for so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { all: Vec::new(), used: 0, most }
    }

    /// Adds a row if there is room for it. A first one there always is, in a list that is
    /// gone through page by page.
    pub(super) fn add(&mut self, row: String) -> bool {
        if self.all.is_empty() {
            self.push(row);
            return true;
        }
        self.add_if(row)
    }

    /// Adds rows until there is no room for one, and says how many there was room for.
    pub(super) fn fill(&mut self, rows: impl IntoIterator<Item = Object>) -> usize {
        rows.into_iter().take_while(|row| self.add(row.end())).count()
    }

    /// Adds a row if there is room for it, also if it is the first.
    pub(super) fn add_if(&mut self, row: String) -> bool {
        let fits = self.used + row.len() < self.most;
        if fits {
            self.push(row);
        }
        fits
    }

    fn push(&mut self, row: String) {
        self.used += row.len() + 1;
        self.all.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_spelled_out() {
        for (text, expected) in [
            ("plain \u{e9} \u{1f600}", "plain \u{e9} \u{1f600}"),
            ("a\u{202e}b", "a⟨U+202E⟩b"),
            ("\u{1b}[31m\0", "⟨U+001B⟩[31m⟨U+0000⟩"),
            ("\u{200b}\u{2066}\u{e0041}", "⟨U+200B⟩⟨U+2066⟩⟨U+E0041⟩"),
        ] {
            assert_eq!(shown(text, 200), expected);
        }
    }

    #[test]
    fn lengths_are_those_of_json() {
        for text in ["\"".repeat(99), "\u{1}".repeat(99), "\u{1f600}".repeat(99), "é\n".repeat(99)]
        {
            for most in [10, 63, 64, 65, 120] {
                assert!(quoted(&shown(&text, most)).len() <= most + 2, "{most}");
                let (mut at, mut whole) = (0, String::new());
                while at < text.len() {
                    let (some, end) = part(&text, at, most);
                    assert!(quoted(some).len() <= most + 2 && end > at, "{most}");
                    whole.push_str(some);
                    at = end;
                }
                assert_eq!(whole, text);
            }
        }
        assert_eq!(part("aé", 2, 9), ("", 3), "never half a character");
        assert_eq!(part("a", 9, 9), ("", 1));
    }
}
