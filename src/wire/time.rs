//! ISO 8601 dates and times, as clients send them in events and in queries.
//! Formatting them is the reader's.

use jiff::Timestamp;
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
    let date = pieces.date();
    // jiff's timestamps end on 9999-12-30, so that any zone can show them;
    // "9999-12-31" is what some clients send for "never".
    let timestamp = offset
        .to_timestamp(date.to_datetime(time))
        .or_else(|e| if date.year() == 9999 { Ok(Timestamp::MAX) } else { Err(e) })
        .ok()?;
    // jiff cuts towards 1970, this cuts towards the past.
    let past = timestamp.subsec_nanosecond() % 1_000 < 0;
    Some(timestamp.as_microsecond() - Micros::from(past))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        const TEN: Micros = 1_773_482_400_000_000; // 2026-03-14T10:00:00Z
        for (text, micros) in [
            ("2026-03-14T10:00:00Z", TEN),
            ("2026-03-14T10:00:00.000Z", TEN),
            ("2026-03-14T10:00:00+00:00", TEN),
            ("2026-03-14T10:00:00", TEN),
            ("2026-03-14 10:00:00", TEN),
            ("2026-03-14t10:00:00z", TEN),
            ("2026-03-14T10:00Z", TEN),
            ("20260314T100000Z", TEN),
            ("2026-03-14T10:00:00Z[Europe/Rome]", TEN),
            ("2026-03-14T15:30:00+05:30", TEN),
            ("2026-03-13T23:00:00-1100", TEN),
            ("2026-03-14", TEN - 10 * 3_600_000_000),
            ("2026-03-14T10:00:00.1Z", TEN + 100_000),
            ("2026-03-14T10:00:00.123456+00:00", TEN + 123_456),
            ("2026-03-14T10:00:00.123456999Z", TEN + 123_456),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.9999999Z", -1),
            ("1969-12-31T23:59:59.9999990Z", -1),
            ("1969-12-31T23:59:59.9999980Z", -2),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-30T21:59:59Z", 253_402_207_199_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_207_200_999_999),
            ("2024-02-29T23:59:60Z", 1_709_251_199_000_000),
        ] {
            assert_eq!(parse(text), Some(micros), "{text}");
        }
    }

    #[test]
    fn reads_nothing_else() {
        for text in [
            "",
            " ",
            "yesterday",
            "now",
            "10:00:00",
            "1773482400",
            "1773482400000",
            "2026",
            "2026-03",
            "2026-02-29",
            "2026-13-01T00:00:00Z",
            "2026-03-14T24:00:00Z",
            "2026-03-14T10:60:00Z",
            "2026-03-14T10:00:00ZZ",
            "2026-03-14T10:00:00 Z",
            " 2026-03-14T10:00:00Z",
            "2026-03-14T10:00:00Z ",
            "2026-03-14T10:00:00.1234567891Z",
            "2026-03-14T10:00:00.Z",
            "2026-03-14T10:00:00+99:00",
            "2026-03-14T10:00:00[Europe/Rome]",
            "2026/03/14",
            "14.03.2026",
            "Sat, 14 Mar 2026 10:00:00 GMT",
            "2026-03-14T10:00:00\0",
            "２０２６-03-14",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
