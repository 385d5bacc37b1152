//! Query strings of the trace list: which traces, and from where on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::error::Reject;
use crate::model::{Micros, Millis, TraceStatus};
use crate::store::list::{Filter, Place};
use crate::time;

/// Traces in a page when the query does not say, and at most; both from the
/// endpoint's documentation.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// What a query string asks for.
#[derive(Debug)]
pub struct Asked {
    /// Which traces.
    pub filter: Filter,
    /// Those after this place.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: usize,
}

/// What a query string asks for at a time. What it does not know it ignores;
/// of a parameter given twice the last counts.
///
/// # Errors
/// 400 that names the parameter and what it takes.
pub fn parse(query: &str, now: Millis) -> Result<Asked, Reject> {
    let (mut after, mut limit) = (None, DEFAULT_LIMIT);
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
                let place = parse_cursor(value);
                after = Some(place.ok_or_else(|| invalid("a `nextCursor` as it was given"))?);
            }
            "name" if !value.is_empty() => filter.name = Some(value.into()),
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
            "startDate" => filter.from = Some(time::parse(value).ok_or_else(|| invalid(A_DATE))?),
            "endDate" => {
                let at = time::parse(value).ok_or_else(|| invalid(A_DATE))?;
                // A day alone means all of it.
                let day_alone = value.len() == "2026-03-14".len();
                filter.to = Some(if day_alone { at + MICROS_A_DAY - 1 } else { at });
            }
            _ => {}
        }
    }
    Ok(Asked { filter, after, limit })
}

const A_DATE: &str = "an ISO 8601 date and time such as 2026-03-14T10:00:00.000Z";
const MICROS_A_DAY: Micros = 24 * 60 * 60 * 1_000_000;
/// Each is a parameter of the statement, and D1 takes 100.
const MAX_TAG_FILTERS: usize = 20;

/// A place in the list, opaque to clients.
#[must_use]
pub fn cursor(start: Micros, id: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{start} {id}"))
}

/// The place that [`cursor`] wrote.
pub fn parse_cursor(text: &str) -> Option<(Micros, String)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (start, id) = text.split_once(' ')?;
    Some((start.parse().ok()?, id.into()))
}
