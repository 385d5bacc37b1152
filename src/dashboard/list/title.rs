//! The list's title: its filter in a few words, so that tabs, bookmarks and the
//! browser's history tell one list from another.

use super::filter::ListQuery;
use super::range::{CUSTOM, DEFAULT_RANGE, RANGES, range};
use crate::dashboard::ui::format::counted;

/// Characters of each text that stand in a title.
const ROOM: usize = 40;

impl ListQuery {
    /// The range of time in words.
    #[must_use]
    pub fn range_label(&self) -> String {
        if let Some((_, label)) = RANGES.iter().find(|(value, _)| *value == self.range) {
            return (*label).into();
        }
        match range(&self.range) {
            Some((1, unit, _)) => format!("Last {unit}"),
            Some((n, unit, _)) => format!("Last {}", counted(n, unit)),
            None if self.range == CUSTOM => match (&*self.from, &*self.to) {
                (from, "") => format!("From {from}"),
                ("", to) => format!("Until {to}"),
                (from, to) => format!("{from} to {to}"),
            },
            None => self.range.clone(),
        }
    }

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
            ("user ", &self.user),
            ("model ", &self.model),
            ("≥ ", &self.min_duration),
            ("≤ ", &self.max_duration),
            ("≥ $", &self.min_cost),
            ("≤ $", &self.max_cost),
            ("tokens ≥ ", &self.min_tokens),
            ("tokens ≤ ", &self.max_tokens),
            ("metadata ", &self.metadata),
            ("score ", &self.score),
            ("error ", &self.error),
            ("", &self.q),
            ("output ", &self.output),
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
            ("user=u-7", "user u-7"),
            ("min_duration=2s&min_cost=%240.05", "≥ 2s, ≥ $0.05"),
            ("score=helpful%3C0.5", "score helpful<0.5"),
            ("from=2026-03-14&to=2026-03-15", "2026-03-14 to 2026-03-15"),
            ("from=2026-03-14&name=a", "a, from 2026-03-14"),
            ("to=2026-03-14", "Until 2026-03-14"),
        ] {
            assert_eq!(ListQuery::parse(query).summary(), title, "{query}");
        }
        let long = ListQuery::parse(&format!("name={}", "é".repeat(100))).summary();
        assert_eq!(long, "é".repeat(40) + "…");
    }

    #[test]
    fn every_range_has_a_label() {
        for (query, label) in [
            ("", "Last 24 hours"),
            ("range=all", "All time"),
            ("range=2w", "Last 2 weeks"),
            ("range=1d", "Last day"),
            ("range=2y", "2y"),
            ("from=a&to=b", "a to b"),
        ] {
            assert_eq!(ListQuery::parse(query).range_label(), label);
        }
    }
}
