//! ISO 8601 dates and times, as clients send them in events and in queries.
//! Formatting them is the reader's.

use jiff::civil::Time;
use jiff::fmt::temporal::{DateTimeParser, PiecesOffset};
use jiff::tz::Offset;

use crate::model::Micros;

/// The point in time that a text names, cut to microseconds: a date, or a date
/// and a time with up to nine decimals, between them a `T` or a space. Without
/// an offset it is taken as UTC; without a time, as midnight.
#[must_use]
pub fn parse(text: &str) -> Option<Micros> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let pieces = PARSER.parse_pieces(text).ok()?;
    let offset = match pieces.offset() {
        Some(PiecesOffset::Numeric(numeric)) => numeric.offset(),
        // A time zone by name needs a database of them, which is not here.
        None if pieces.time_zone_annotation().is_some() => return None,
        _ => Offset::UTC,
    };
    let time = pieces.time().unwrap_or(Time::midnight());
    let timestamp = offset.to_timestamp(pieces.date().to_datetime(time)).ok()?;
    Micros::try_from(timestamp.as_nanosecond().div_euclid(1_000)).ok()
}
