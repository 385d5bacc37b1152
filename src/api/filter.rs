//! Query strings of the trace list: which traces, and from where on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::error::Reject;
use crate::index::filter::{Compare, ScoreCondition, Sort};
use crate::index::spans::{MAX_SPANS, SpanPart, SpanPlace};
use crate::index::traces::{Filter, ListPlace};
use crate::model::{Micros, Millis, TraceStatus};
use crate::time;
use ingest_core::fold::words::Wanted;

/// Traces in a page when the query does not say, and at most; both from the
/// endpoint's documentation.
pub(super) const DEFAULT_LIMIT: usize = 50;
pub(super) const MAX_LIMIT: usize = 100;

/// What a query string asks for.
#[derive(Debug)]
pub struct ListRequest {
    /// Which traces.
    pub filter: Filter,
    /// Those after this place.
    pub after: Option<ListPlace>,
    /// At most so many.
    pub limit: usize,
}

/// What a query string asks for at a time. What it does not know it ignores;
/// of a parameter given twice the last counts.
///
/// # Errors
/// 400 that names the parameter and what it takes.
pub fn parse(query: &str, now: Millis) -> Result<ListRequest, Reject> {
    let (mut after, mut limit) = (None, DEFAULT_LIMIT);
    let mut score = ScoreCondition::default();
    let mut filter = Filter { now, ..Filter::default() };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.as_ref();
        let invalid =
            |expected: &str| Reject::invalid(name.as_ref(), format!("expected {expected}"));
        match name.as_ref() {
            "limit" => {
                limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                    .ok_or_else(|| invalid("a whole number from 1 to 100"))?;
            }
            "cursor" => {
                let place = parse_list_cursor(value);
                after = Some(place.ok_or_else(|| invalid("a `nextCursor` as it was given"))?);
            }
            "name" if !value.is_empty() => filter.name = Some(value.into()),
            "q" => {
                let words = Wanted::parse(value);
                filter.words = Some(words.ok_or_else(|| invalid("at most 12 words"))?);
            }
            "sort" => {
                let sort = Sort::parse(value);
                if sort.is_none() && value != "time" {
                    return Err(invalid("time, duration, cost or tokens"));
                }
                filter.sort = sort;
            }
            "sessionId" if !value.is_empty() => filter.session = Some(value.into()),
            "userId" if !value.is_empty() => filter.user = Some(value.into()),
            "status" => {
                let status = TraceStatus::parse(value);
                filter.status =
                    Some(status.ok_or_else(|| invalid("OK, ERROR, RUNNING or UNFINISHED"))?);
            }
            "tags" => {
                let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                filter.tags = tags.map(Into::into).collect();
                if filter.tags.len() > MAX_TAG_FILTERS {
                    return Err(invalid("at most 20 tags"));
                }
            }
            "evaluator" if !value.is_empty() => score.evaluator = Some(value.into()),
            "minScore" | "maxScore" => {
                let bound = parse_number(value).ok_or_else(|| invalid("a number"))?;
                let compare = if name == "minScore" { Compare::AtLeast } else { Compare::AtMost };
                score.bounds.retain(|(other, _)| *other != compare);
                score.bounds.push((compare, bound));
            }
            "notTags" => {
                let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                filter.not_tags = tags.map(Into::into).collect();
                if filter.not_tags.len() > MAX_TAG_FILTERS {
                    return Err(invalid("at most 20 tags"));
                }
            }
            key if key.starts_with("metadata.") && key.len() > "metadata.".len() => {
                let key = key.trim_start_matches("metadata.").into();
                filter.metadata = Some((key, value.into()));
            }
            "startDate" => filter.from = Some(parse_time(value).ok_or_else(|| invalid(A_DATE))?),
            "endDate" => {
                filter.to = Some(parse_end(value).ok_or_else(|| invalid(A_DATE))?);
            }
            _ => {}
        }
    }
    filter.score = Some(score).filter(|score| *score != ScoreCondition::default());
    Ok(ListRequest { filter, after, limit })
}

/// A number in a query string, as JSON has it.
#[must_use]
pub fn parse_number(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    serde_json::to_string(&number).ok()
}

/// A time in a query string: a `+` before its offset that was not written `%2B`
/// has become a space.
pub fn parse_time(text: &str) -> Option<Micros> {
    time::parse(text).or_else(|| {
        let (time, offset) = text.rsplit_once(' ')?;
        time::parse(&format!("{time}+{offset}"))
    })
}

/// A time in a query string that is the end of a range: the last microsecond of it.
pub fn parse_end(text: &str) -> Option<Micros> {
    parse_time(text).map(|at| at + rest_of(text, at))
}

/// What an end of a range takes in after the instant that it names: the rest of a day
/// that stands alone; the rest of a millisecond, for that is what answers show of the
/// microseconds kept; nothing when it names microseconds.
fn rest_of(text: &str, at: Micros) -> Micros {
    if text.len() == "2026-03-14".len() {
        MICROS_A_DAY - 1
    } else if at % 1_000 == 0 {
        999
    } else {
        0
    }
}

/// The part of a trace's spans that a query string asks for.
///
/// # Errors
/// As [`parse`].
pub fn parse_part(query: &str) -> Result<SpanPart, Reject> {
    let mut part = SpanPart::FIRST;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let invalid = |expected: String| Reject::invalid(name.as_ref(), expected);
        match name.as_ref() {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_SPANS).contains(limit));
                let expected = || format!("expected a whole number from 1 to {MAX_SPANS}");
                part.most = limit.ok_or_else(|| invalid(expected()))?;
            }
            "cursor" => {
                let expected = || "expected a `nextSpanCursor` as it was given".into();
                part.after = Some(parse_span_cursor(&value).ok_or_else(|| invalid(expected()))?);
            }
            _ => {}
        }
    }
    Ok(part)
}

pub(super) const A_DATE: &str = "an ISO 8601 date and time such as 2026-03-14T10:00:00.000Z";
const MICROS_A_DAY: Micros = 24 * 60 * 60 * 1_000_000;
/// Each is a parameter of the statement, and D1 takes 100.
const MAX_TAG_FILTERS: usize = 20;

/// A place in the list, opaque to clients.
#[must_use]
pub fn list_cursor(place: ListPlace) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{} {}", place.key, place.start_us))
}

/// The place that [`list_cursor`] wrote.
pub fn parse_list_cursor(text: &str) -> Option<ListPlace> {
    let text = decode(text)?;
    let (key, start) = text.split_once(' ')?;
    Some(ListPlace { key: key.parse().ok()?, start_us: start.parse().ok()? })
}

/// A place among a trace's spans, opaque to clients.
#[must_use]
pub fn span_cursor((start, id): &SpanPlace) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{start} {id}"))
}

/// The place that [`span_cursor`] wrote.
pub(super) fn parse_span_cursor(text: &str) -> Option<SpanPlace> {
    let text = decode(text)?;
    let (start, id) = text.split_once(' ')?;
    Some((start.parse().ok()?, id.into()))
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_in_milliseconds_means_all_of_the_last() {
        const TEN: Micros = 1_773_482_400_000_000; // 2026-03-14T10:00:00Z
        for (end, to) in [
            ("2026-03-14T10:00:00.000Z", TEN + 999),
            ("2026-03-14T10:00:00Z", TEN + 999),
            ("2026-03-14T10:00Z", TEN + 999),
            ("2026-03-14T10:00:00.123Z", TEN + 123_999),
            ("2026-03-14T10:00:00.123456Z", TEN + 123_456),
            ("2026-03-13", TEN - 10 * 3_600_000_000 - 1),
        ] {
            let asked = parse(&format!("endDate={end}&startDate={end}"), 0).unwrap();
            assert_eq!(asked.filter.to, Some(to), "{end}");
            assert!(asked.filter.from.unwrap() <= to, "{end}");
        }
    }

    #[test]
    fn a_space_before_an_offset_is_a_plus() {
        const TEN: Micros = 1_773_482_400_000_000;
        for start in [
            "2026-03-14T12:00:00+02:00",
            "2026-03-14T12:00:00%2B02:00",
            "2026-03-14T12:00:00.000000+0200",
            "2026-03-14+12:00+02",
            "2026-03-14+10:00",
            "2026-03-14T10:00Z",
        ] {
            let asked = parse(&format!("startDate={start}"), 0).unwrap();
            assert_eq!(asked.filter.from, Some(TEN), "{start}");
        }
        for start in
            ["2026-03-14T12:00:00+Z", "2026-03-14T10:00Z+02", "+2026-03-14", "2026-03-14+", "+"]
        {
            assert!(parse(&format!("startDate={start}"), 0).is_err(), "{start}");
        }
    }
}
