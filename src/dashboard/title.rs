//! The list's title: its filter in a few words, so that tabs, bookmarks and the
//! browser's history tell one list from another.

use super::filter::Asked;
use super::range::DEFAULT_RANGE;

/// Characters of each text that stand in a title.
const ROOM: usize = 40;

impl Asked {
    /// The list in a few words, for a page's title: `Errors in research, last 7 days`.
    /// Nothing for all traces of the default range.
    #[must_use]
    pub fn summary(&self) -> String {
        let status = match self.status.to_ascii_lowercase().as_str() {
            "ok" => "OK",
            "error" => "Errors",
            "running" => "Running",
            "unfinished" => "Unfinished",
            _ => "",
        };
        let name = short_text(&self.name);
        let first = match (status, &*name) {
            ("", name) => name.into(),
            (status, "") => status.into(),
            (status, name) => format!("{status} in {name}"),
        };
        let mut parts = vec![first];
        parts.extend(self.tags.iter().map(|tag| format!("tag {}", short_text(tag))));
        for (label, value) in [
            ("session ", &self.session),
            ("model ", &self.model),
            ("≥ ", &self.min_duration),
            ("≥ $", &self.min_cost),
        ] {
            let value = short_text(value.trim_start_matches('$').trim());
            parts.push(if value.is_empty() { value } else { format!("{label}{value}") });
        }
        if self.range != DEFAULT_RANGE {
            let label = self.range_label();
            let (first, rest) = label.split_at_checked(1).unwrap_or_default();
            parts.push(first.to_ascii_lowercase() + rest);
        }
        parts.retain(|part| !part.is_empty());
        let text = parts.join(", ");
        let (first, rest) = text.split_at_checked(1).unwrap_or(("", &text));
        // A name is written as it is; the range alone begins as a title does.
        if parts.len() == 1 && self.range != DEFAULT_RANGE {
            return first.to_ascii_uppercase() + rest;
        }
        text
    }
}

/// The beginning of a text, where there is room for no more.
fn short_text(text: &str) -> String {
    match text.char_indices().nth(ROOM) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_the_filter() {
        for (query, title) in [
            ("", ""),
            ("range=24h", ""),
            ("range=7d", "Last 7 days"),
            ("range=1w", "Last week"),
            ("range=90m", "Last 90 minutes"),
            ("range=all", "All time"),
            ("range=x", "X"),
            ("status=error&name=research", "Errors in research"),
            ("status=ok&range=7d", "OK, last 7 days"),
            ("status=running", "Running"),
            ("name=research", "research"),
            ("tag=a&tag=b&session=s&model=gpt", "tag a, tag b, session s, model gpt"),
            ("min_duration=2s&min_cost=%240.05", "≥ 2s, ≥ $0.05"),
            ("from=2026-03-14&to=2026-03-15", "2026-03-14 to 2026-03-15"),
            ("from=2026-03-14&name=a", "a, from 2026-03-14"),
            ("to=2026-03-14", "Until 2026-03-14"),
        ] {
            assert_eq!(Asked::parse(query).summary(), title, "{query}");
        }
        let long = Asked::parse(&format!("name={}", "é".repeat(100))).summary();
        assert_eq!(long, "é".repeat(40) + "…");
    }
}
