//! Regular expressions whose cost is known: what a search takes is in proportion to the
//! program that a pattern becomes, and to the text.

use regex_lite::{Regex, RegexBuilder};

use super::limits::{MAX_GROUP_TABLE_BYTES, MAX_PATTERN_CHARS, MAX_PROGRAM_BYTES, MAX_SEARCH_COST};

/// How a pattern is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flags {
    /// `i`.
    pub(crate) ignore_case: bool,
    /// `m`.
    pub(crate) multi_line: bool,
    /// `s`.
    pub(crate) dot_all: bool,
}

/// A pattern, and what a search for it costs.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) regex: Regex,
    text: String,
    flags: Flags,
    /// Its program has no more bytes than this, and not many less.
    pub(crate) program_bytes: usize,
}

impl Pattern {
    /// Reads one. An error says what is wrong with it.
    pub(crate) fn parse(text: &str, flags: Flags) -> Result<Self, String> {
        if text.is_empty() || text.chars().nth(MAX_PATTERN_CHARS).is_some() {
            return Err(format!("expected 1 to {MAX_PATTERN_CHARS} characters"));
        }
        let mut regex = build(text, flags, MAX_PROGRAM_BYTES).map_err(|why| explain(&why))?;
        // The library does not say how large the program is, only whether it fits.
        let (mut least, mut most) = (0, MAX_PROGRAM_BYTES);
        let mut tried = 256;
        while most - least > (most / 32).max(64) {
            match build(text, flags, tried) {
                Ok(fits) => (regex, most) = (fits, tried),
                Err(_) => least = tried,
            }
            tried = if most == MAX_PROGRAM_BYTES {
                (tried * 2).min(most - 1)
            } else {
                least.midpoint(most)
            };
        }
        if regex.captures_len().saturating_mul(most) > MAX_GROUP_TABLE_BYTES {
            return Err(
                "too many groups for its size; write (?:…) for those that only group".into()
            );
        }
        Ok(Self { regex, text: text.to_owned(), flags, program_bytes: most })
    }

    /// Whether searching a text of so many bytes is within [`MAX_SEARCH_COST`].
    pub(crate) fn may_search(&self, bytes: usize) -> bool {
        let most = MAX_SEARCH_COST / u64::try_from(bytes.max(1)).unwrap_or(u64::MAX);
        let most = usize::try_from(most).unwrap_or(MAX_PROGRAM_BYTES).min(MAX_PROGRAM_BYTES);
        self.program_bytes <= most || build(&self.text, self.flags, most).is_ok()
    }

    /// What searching a text of so many bytes costs.
    pub(crate) fn cost(&self, bytes: usize) -> u64 {
        u64::try_from(self.program_bytes.saturating_mul(bytes.max(1))).unwrap_or(u64::MAX)
    }
}

fn build(text: &str, flags: Flags, limit: usize) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(text);
    builder.case_insensitive(flags.ignore_case).multi_line(flags.multi_line);
    builder.dot_matches_new_line(flags.dot_all).size_limit(limit);
    builder.build().map_err(|error| error.to_string())
}

fn explain(why: &str) -> String {
    match why {
        "look-around is not supported" | "backreferences are not supported" => {
            "look-around and backreferences are not supported".into()
        }
        "compiled regex exceeded size limit" => {
            format!("too large: its program would have more than {MAX_PROGRAM_BYTES} bytes")
        }
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_size_of_a_program_closely() {
        let all = Flags { ignore_case: true, ..Flags::default() };
        for text in ["a", "[a-z]{1,50}", r"^\s*\{[\s\S]*\}\s*$", &"x".repeat(1_000)] {
            let size = Pattern::parse(text, all).unwrap().program_bytes;
            assert!(build(text, all, size).is_ok(), "{text} {size}");
            assert!(
                build(text, all, size - (size / 16).max(128).min(size)).is_err(),
                "{text} {size}"
            );
        }
    }

    #[test]
    fn what_is_too_large_says_so() {
        for (text, why) in [
            ("(?:[a-z]{1,50}){1,200}", "too large"),
            ("(?:){4294967295}", "too large"),
            ("(?<=a)b", "look-around and backreferences"),
            (r"(a)\1", "look-around and backreferences"),
            (&"(a)".repeat(300), "too many groups"),
        ] {
            let error = Pattern::parse(text, Flags::default()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
