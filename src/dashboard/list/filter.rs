//! What the list shows, as its URL says it: query string to filter and back.

use form_urlencoded::Serializer;

use super::range::{ALL, CUSTOM, DEFAULT_RANGE, range};
use super::values::{
    duration, nano_dollars, pair, score, unwanted_tag, wanted_tag, whole, written_tag,
};
use crate::api::{list_cursor, parse_end, parse_list_cursor, parse_time};
use crate::index::filter::Sort;
use crate::index::traces;
use crate::index::traces::ListPlace;
use crate::model::{Millis, TraceStatus};
use ingest_core::fold::words::Wanted;

/// Most tags at once: each is a parameter of the statement.
const MAX_TAGS: usize = 20;
/// Longest text that is looked for; the index keeps no longer ones.
const MAX_TEXT: usize = 256;

/// What durations, dollars, counts and times may look like.
const DURATION: &str = "a duration such as 500ms, 2s, 1.5m or 1h";
const DOLLARS: &str = "dollars such as 0.05";
const COUNT: &str = "a number such as 2000";
const TIME: &str = "a date and time such as 2026-03-14T10:00Z";

/// What a query string asks for, the texts as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the parameters of these names")]
pub struct ListQuery {
    pub range: String,
    pub from: String,
    pub to: String,
    pub status: String,
    pub name: String,
    pub tags: Vec<String>,
    pub session: String,
    pub user: String,
    pub model: String,
    pub min_duration: String,
    pub max_duration: String,
    pub min_cost: String,
    pub max_cost: String,
    pub min_tokens: String,
    pub max_tokens: String,
    pub score: String,
    pub metadata: String,
    pub error: String,
    pub q: String,
    pub output: String,
    pub sort: String,
    pub before: String,
}

/// A parameter that cannot be read: its label, and what it takes.
pub type Problem = (&'static str, &'static str);

impl ListQuery {
    /// Reads a query string; what it does not know it ignores.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            if let Some((_, field)) = asked.texts().into_iter().find(|(known, _)| *known == name) {
                *field = cut(value);
                continue;
            }
            match &*name {
                "before" => asked.before = cut(value),
                "tag" => {
                    let new = !value.is_empty() && !asked.tags.iter().any(|tag| tag == value);
                    if new && asked.tags.len() < MAX_TAGS {
                        asked.tags.push(cut(value));
                    }
                }
                _ => {}
            }
        }
        if !asked.from.is_empty() || !asked.to.is_empty() {
            asked.range = CUSTOM.into();
        } else if asked.range.is_empty() || asked.range == CUSTOM {
            asked.range = DEFAULT_RANGE.into();
        }
        asked
    }

    /// The parameters that are one text each, by their names, in the order of addresses;
    /// the range's are the first three.
    pub(super) fn texts(&mut self) -> [(&'static str, &mut String); 20] {
        [
            ("range", &mut self.range),
            ("from", &mut self.from),
            ("to", &mut self.to),
            ("status", &mut self.status),
            ("name", &mut self.name),
            ("session", &mut self.session),
            ("user", &mut self.user),
            ("model", &mut self.model),
            ("min_duration", &mut self.min_duration),
            ("max_duration", &mut self.max_duration),
            ("min_cost", &mut self.min_cost),
            ("max_cost", &mut self.max_cost),
            ("min_tokens", &mut self.min_tokens),
            ("max_tokens", &mut self.max_tokens),
            ("score", &mut self.score),
            ("metadata", &mut self.metadata),
            ("error", &mut self.error),
            ("q", &mut self.q),
            ("output", &mut self.output),
            ("sort", &mut self.sort),
        ]
    }

    /// Whether anything but the range narrows the list down.
    #[must_use]
    pub fn narrows(&self) -> bool {
        let mut copy = self.clone();
        copy.sort.clear();
        let texts = copy.texts().into_iter().skip(3);
        texts.map(|(_, text)| &*text).any(|text| !text.is_empty()) || !self.tags.is_empty()
    }

    /// Whether something is asked for that the form has out of sight.
    #[must_use]
    pub fn has_more(&self) -> bool {
        let Self { max_duration, max_cost, min_tokens, max_tokens, metadata, .. } = self;
        let texts = [max_duration, max_cost, min_tokens, max_tokens, metadata];
        texts.iter().any(|text| !text.is_empty())
    }

    /// Whether words are looked for.
    #[must_use]
    pub fn asks_for_words(&self) -> bool {
        !self.q.is_empty() || !self.output.is_empty()
    }

    /// All words that are looked for, wherever they are to be.
    #[must_use]
    pub fn words(&self) -> Option<Wanted> {
        // A quote that does not end does so here.
        let open = if self.q.matches('"').count() % 2 == 1 { "\"" } else { "" };
        Wanted::parse(&format!("{}{open} {}", self.q, self.output))
    }

    /// The filter, and the place to go on from; or what cannot be read.
    ///
    /// # Errors
    /// Each parameter that is not what it should be.
    pub fn filter(&self, now: Millis) -> Result<(traces::Filter, Option<ListPlace>), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut filter = traces::Filter {
            name: some(&self.name),
            tags: self.tags.iter().filter_map(|tag| wanted_tag(tag)).collect(),
            not_tags: self.tags.iter().filter_map(|tag| unwanted_tag(tag)).collect(),
            session: some(&self.session),
            user: some(&self.user),
            model: some(&self.model),
            error: some(&self.error),
            words: self.words(),
            output: Wanted::parse(&self.output),
            sort: Sort::parse(&self.sort),
            now,
            ..traces::Filter::default()
        };
        if self.range != CUSTOM && self.range != ALL {
            match range(&self.range) {
                Some((_, _, micros)) => filter.from = Some(now.saturating_mul(1_000) - micros),
                None => {
                    problems.push(("Time range", "a number with m, h, d or w, such as 2w; or all"));
                }
            }
        }
        let mut read = |text: &str, label, takes, parse: fn(&str) -> Option<i64>| {
            let value = parse(text);
            if value.is_none() && !text.is_empty() {
                problems.push((label, takes));
            }
            value
        };
        let from = read(&self.from, "From", TIME, parse_time);
        filter.from = from.or(filter.from);
        filter.to = read(&self.to, "To", TIME, parse_end);
        filter.min_duration_us = read(&self.min_duration, "Min. duration", DURATION, duration);
        filter.max_duration_us = read(&self.max_duration, "Max. duration", DURATION, duration);
        filter.min_cost_nano = read(&self.min_cost, "Min. cost", DOLLARS, nano_dollars);
        filter.max_cost_nano = read(&self.max_cost, "Max. cost", DOLLARS, nano_dollars);
        filter.min_tokens = read(&self.min_tokens, "Min. tokens", COUNT, whole);
        filter.max_tokens = read(&self.max_tokens, "Max. tokens", COUNT, whole);
        filter.metadata = pair(&self.metadata);
        if filter.metadata.is_none() && !self.metadata.is_empty() {
            problems.push(("Metadata", "a key and what is there, such as tenant=acme"));
        }
        if filter.sort.is_none() && !matches!(&*self.sort, "" | "time") {
            problems.push(("Sort", "time, duration, cost or tokens"));
        }
        let no_output = filter.output.is_none() && !self.output.is_empty();
        if filter.words.is_none() && self.asks_for_words() || no_output {
            problems.push(("Words", "up to 12 words of inputs, outputs and errors"));
        }
        filter.score = score(&self.score);
        if filter.score.is_none() && !self.score.is_empty() {
            problems
                .push(("Score", "an evaluator and a value such as helpful<0.5, or one of them"));
        }
        filter.status = TraceStatus::parse(&self.status.to_ascii_uppercase());
        if filter.status.is_none() && !self.status.is_empty() {
            problems.push(("Status", "ok, error, running or unfinished"));
        }
        let before = parse_list_cursor(&self.before);
        if before.is_none() && !self.before.is_empty() {
            problems.push(("Page", "a link from this list"));
        }
        if problems.is_empty() { Ok((filter, before)) } else { Err(problems) }
    }

    /// The path and query of this list, at its newest end.
    #[must_use]
    pub fn newest(&self, path: &str) -> String {
        self.link(path, None)
    }

    /// The same after a place.
    #[must_use]
    pub fn after(&self, place: ListPlace) -> String {
        self.link("/traces", Some(list_cursor(place)))
    }

    /// The same with another tag.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> String {
        let mut other = self.clone();
        other.add_tag(tag);
        other.newest("/traces")
    }

    /// Asks for a tag, too, whatever it begins with.
    pub fn add_tag(&mut self, tag: &str) {
        let tag = written_tag(tag);
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    /// The same without this tag.
    #[must_use]
    pub fn without_tag(&self, tag: &str) -> String {
        let mut other = self.clone();
        other.tags.retain(|has| has != tag);
        other.newest("/traces")
    }

    /// The same in another order; by time where that is the order already.
    #[must_use]
    pub fn in_order(&self, sort: &str) -> String {
        let sort = if self.sort == sort { String::new() } else { sort.into() };
        Self { sort, ..self.clone() }.newest("/traces")
    }

    /// The same over all time.
    #[must_use]
    pub fn in_all_time(&self) -> String {
        let (from, to) = (String::new(), String::new());
        Self { range: ALL.into(), from, to, ..self.clone() }.newest("/traces")
    }

    /// All traces of the same range of time.
    #[must_use]
    pub fn cleared(&self) -> String {
        let (range, from, to) = (self.range.clone(), self.from.clone(), self.to.clone());
        Self { range, from, to, ..Self::default() }.newest("/traces")
    }

    fn link(&self, path: &str, before: Option<String>) -> String {
        let mut query = Serializer::new(String::new());
        let mut copy = self.clone();
        if matches!(&*copy.range, DEFAULT_RANGE | CUSTOM) {
            copy.range.clear();
        }
        let texts = copy.texts().map(|(name, text)| (name, &*text));
        query.extend_pairs(texts.iter().filter(|(_, text)| !text.is_empty()));
        query.extend_pairs(self.tags.iter().map(|tag| ("tag", tag)));
        query.extend_pairs(before.map(|before| ("before", before)));
        let query = query.finish();
        if query.is_empty() { path.into() } else { format!("{path}?{query}") }
    }
}

fn some(text: &str) -> Option<String> {
    Some(text).filter(|text| !text.is_empty()).map(Into::into)
}

fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Micros;

    const NOW: Millis = 1_795_328_370_123;
    const DAY: Micros = 86_400_000_000;

    #[test]
    fn reads_what_it_writes() {
        let query = "range=7d&status=error&name=a+b&session=s%2F1&user=u%401&model=gpt&min_duration=2s&max_duration=1h&min_cost=0.05&max_cost=%241&min_tokens=5&max_tokens=9&score=a%3C0.5&metadata=k%3Dv%3D1&error=no&q=%22a+b%22&output=c&sort=cost&tag=x&tag=%3Cy%3E&tag=-z&tag=%5C-w";
        let asked = ListQuery::parse(query);
        assert_eq!(asked.newest("/traces"), format!("/traces?{query}"));
        let place = ListPlace { key: 1 << 48 | 7, start_us: 5 };
        let next = asked.after(place);
        let next = ListQuery::parse(next.split_once('?').unwrap().1);
        let (filter, before) = next.filter(NOW).unwrap();
        assert_eq!(before, Some(place));
        assert_eq!(filter.from, Some(NOW * 1_000 - 7 * DAY));
        assert_eq!(filter.status, Some(TraceStatus::Error));
        assert_eq!(filter.name.as_deref(), Some("a b"));
        assert_eq!(filter.tags, ["x", "<y>", "-w"]);
        assert_eq!(filter.not_tags, ["z"]);
        assert_eq!(filter.metadata, Some(("k".into(), "v=1".into())));
        assert_eq!((filter.min_tokens, filter.max_tokens), (Some(5), Some(9)));
        assert_eq!(filter.max_cost_nano, Some(1_000_000_000));
        assert_eq!(filter.min_duration_us, Some(2_000_000));
        assert_eq!(filter.min_cost_nano, Some(50_000_000));
        assert!(asked.narrows() && !ListQuery::parse("range=1h&tag=&name=+").narrows());
    }

    #[test]
    fn knows_ranges() {
        let range = |query| {
            let (filter, _) = ListQuery::parse(query).filter(NOW).unwrap();
            (filter.from, filter.to)
        };
        assert_eq!(range(""), (Some(NOW * 1_000 - DAY), None));
        assert_eq!(range("range=custom"), range(""));
        assert_eq!(range("range=all"), (None, None));
        assert_eq!(range("range=1h&from=1970-01-01T00:00:01Z"), (Some(1_000_000), None));
        assert_eq!(range("to=1970-01-01T00:00:01Z"), (None, Some(1_000_999)));
        assert_eq!(range("to=1970-01-01T00:00:01.000001Z"), (None, Some(1_000_001)));
        assert_eq!(range("to=1970-01-01"), (None, Some(DAY - 1)));
        assert_eq!(range("from=1970-01-01T01:00:01+01:00"), (Some(1_000_000), None));
        assert_eq!(ListQuery::parse("").newest("/traces"), "/traces");
    }

    #[test]
    fn links_to_tags() {
        let asked = ListQuery::parse("tag=a&before=x");
        assert_eq!(asked.with_tag("a"), "/traces?tag=a");
        assert_eq!(asked.with_tag("-b"), "/traces?tag=a&tag=%5C-b");
        assert_eq!(asked.with_tag("b&c"), "/traces?tag=a&tag=b%26c");
        assert_eq!(asked.without_tag("a"), "/traces");
    }

    #[test]
    fn clearing_the_filter_keeps_the_range_of_time() {
        for (query, link) in [
            ("range=7d&status=error&tag=a&before=x", "/traces?range=7d"),
            ("name=a", "/traces"),
            (
                "from=2026-03-14T10%3A00Z&to=2026-03-15T10%3A00Z&model=x",
                "/traces?from=2026-03-14T10%3A00Z&to=2026-03-15T10%3A00Z",
            ),
        ] {
            assert_eq!(ListQuery::parse(query).cleared(), link);
        }
    }

    #[test]
    fn says_what_it_cannot_read() {
        for (query, label) in [
            ("range=2y", "Time range"),
            ("from=yesterday", "From"),
            ("to=%FF", "To"),
            ("status=fine", "Status"),
            ("min_duration=-1s", "Min. duration"),
            ("min_duration=2parsecs", "Min. duration"),
            ("min_duration=1e5", "Min. duration"),
            ("min_duration=.", "Min. duration"),
            ("min_duration=99999999999d", "Min. duration"),
            ("min_cost=inf", "Min. cost"),
            ("min_cost=%24", "Min. cost"),
            ("max_tokens=1.5", "Max. tokens"),
            ("min_tokens=x", "Min. tokens"),
            ("max_cost=x", "Max. cost"),
            ("max_duration=x", "Max. duration"),
            ("metadata=x", "Metadata"),
            ("metadata=%3Dx", "Metadata"),
            ("score=%3C", "Score"),
            ("score=a%3Cb", "Score"),
            ("before=%00", "Page"),
            ("before=eA", "Page"),
        ] {
            let problems = ListQuery::parse(query).filter(NOW).unwrap_err();
            assert_eq!(problems.iter().map(|p| p.0).collect::<Vec<_>>(), [label], "{query}");
        }
    }
}
