//! Points in time as text: ISO 8601's extended format, which is what clients
//! send in events and in queries, and what answers and keys are written in.
//! speedate does both; it reads what Python's and JavaScript's own dates write.
//! And months, which
//! counts are added up by. How people read times is the dashboard's.

use speedate::MicrosecondsPrecisionOverflowBehavior::Truncate;
use speedate::{Date, DateTime, DateTimeConfig, TimeConfig, TimestampUnit};

use crate::model::{Micros, Millis};

/// The first and the last microsecond that have four digits for their year.
const YEARS: (Micros, Micros) = (-62_167_219_200_000_000, 253_402_300_799_999_999);

/// Decimals beyond the microsecond are cut off.
const CUT: TimeConfig =
    TimeConfig { microseconds_precision_overflow_behavior: Truncate, unix_timestamp_offset: None };

/// The point in time that a text names, cut to microseconds: a date, or a date
/// and a time, between them a `T` or a space. Without an offset it is taken as
/// UTC; without a time, as midnight.
#[must_use]
pub fn parse(text: &str) -> Option<Micros> {
    let bytes = text.as_bytes();
    if bytes.len() == "2026-03-14".len() {
        return Some(Date::parse_bytes_rfc3339(bytes).ok()?.timestamp() * 1_000_000);
    }
    let whole = |bytes| DateTime::parse_bytes_rfc3339_with_config(bytes, &CUT);
    let at = match bytes {
        // PostgreSQL writes offsets of whole hours so; speedate wants minutes.
        [.., b'+' | b'-', _, _] => whole(&[bytes, b":00"].concat()),
        _ => whole(bytes),
    };
    let at = at.ok()?;
    let micros = at.timestamp_tz() * 1_000_000 + Micros::from(at.time.microsecond);
    // An offset may lead out of the years that can be written.
    Some(micros.clamp(YEARS.0, YEARS.1))
}

/// In UTC with milliseconds: `2026-11-22T06:19:30.123Z`. The epoch for what has
/// no four digits for its year.
#[must_use]
pub fn with_millis(at: Micros) -> String {
    let (seconds, micros) = parts(at);
    format!("{seconds}.{:03}Z", micros / 1_000)
}

/// The same of milliseconds.
#[must_use]
pub fn of_millis(at: Millis) -> String {
    with_millis(at.saturating_mul(1_000))
}

/// In UTC with microseconds: `2026-11-22T06:19:30.123456Z`.
#[must_use]
pub fn with_micros(at: Micros) -> String {
    let (seconds, micros) = parts(at);
    format!("{seconds}.{micros:06}Z")
}

/// What stands before the point, and the microseconds after it.
fn parts(at: Micros) -> (DateTime, u32) {
    let config = DateTimeConfig { timestamp_unit: TimestampUnit::Second, ..Default::default() };
    let micros = u32::try_from(at.rem_euclid(1_000_000)).unwrap_or_default();
    let seconds = at.div_euclid(1_000_000);
    let whole = |seconds| DateTime::from_timestamp_with_config(seconds, 0, &config);
    match whole(seconds) {
        Ok(whole) => (whole, micros),
        Err(_) => (EPOCH, 0),
    }
}

/// 1970-01-01T00:00:00.
const EPOCH: DateTime = DateTime {
    date: Date { year: 1970, month: 1, day: 1 },
    time: speedate::Time { hour: 0, minute: 0, second: 0, microsecond: 0, tz_offset: None },
};

/// A month of UTC, as months since the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month(i64);

impl Month {
    /// The month of a time.
    #[must_use]
    pub fn of(at: Millis) -> Self {
        let text = of_millis(at);
        text.get(..7).and_then(Self::parse).unwrap_or(Self(1970 * 12))
    }

    /// That of a text `2026-11`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, count| {
            let all = part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<i64>().ok().filter(|_| all)
        };
        let (year, month) = (digits(year, 4)?, digits(month, 2)?);
        // Of later years nothing is known, and they can be written.
        ((1970..9_999).contains(&year) && (1..=12).contains(&month))
            .then_some(Self(year * 12 + month - 1))
    }

    /// The one so many later.
    #[must_use]
    pub fn after(self, months: i64) -> Self {
        Self(self.0 + months)
    }

    /// As text.
    #[must_use]
    pub fn text(self) -> String {
        format!("{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }

    /// Its beginning.
    #[must_use]
    pub fn start(self) -> Millis {
        parse(&format!("{}-01", self.text())).unwrap_or_default() / 1_000
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            ("2026-03-14T15:30:00+05:30", TEN),
            ("2026-03-13T23:00:00-1100", TEN),
            ("2026-03-14 12:00:00+02", TEN),
            ("2026-03-14T07:00-03", TEN),
            ("2026-03-14", TEN - 10 * 3_600_000_000),
            ("2026-03-14T10:00:00.1Z", TEN + 100_000),
            ("2026-03-14T10:00:00,1Z", TEN + 100_000),
            ("2026-03-14T10:00:00.123456+00:00", TEN + 123_456),
            ("2026-03-14T10:00:00.123456999Z", TEN + 123_456),
            ("2026-03-14T10:00:00.1234567891234Z", TEN + 123_456),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.9999999Z", -1),
            ("1969-12-31T23:59:59.9999980Z", -2),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("0000-01-01T00:00:00+01:00", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("9999-12-31T23:59:59.999999-01:00", 253_402_300_799_999_999),
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
            "2026-03-14T",
            "2026-03-14T10",
            "2026-03-14T-3",
            "2026-03-14T10-03",
            "2026-03-14T10:00:00+0",
            "2026-03-14T10:00:00++2",
            "2026-03-14T10:00:00+99",
            "2026-03-14T24:00:00Z",
            "2026-03-14T10:60:00Z",
            "2026-03-14T10:00:60Z",
            "2026-03-14T10:00:00ZZ",
            "2026-03-14T10:00:00 Z",
            " 2026-03-14T10:00:00Z",
            "2026-03-14T10:00:00Z ",
            "2026-03-14T10:00:00.Z",
            "2026-03-14T10:00:00+99:00",
            "2026-03-14T10:00:00Z[Europe/Rome]",
            "20260314T100000Z",
            "2026/03/14",
            "14.03.2026",
            "Sat, 14 Mar 2026 10:00:00 GMT",
            "2026-03-14T10:00:00\0",
            "２０２６-03-14",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_times() {
        for (at, millis, micros) in [
            (0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000000Z"),
            (1_773_482_400_123_999, "2026-03-14T10:00:00.123Z", "2026-03-14T10:00:00.123999Z"),
            (-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999999Z"),
            (YEARS.0, "0000-01-01T00:00:00.000Z", "0000-01-01T00:00:00.000000Z"),
            (YEARS.1, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999999Z"),
            (i64::MAX, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000000Z"),
            (i64::MIN, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!((with_millis(at).as_str(), with_micros(at).as_str()), (millis, micros));
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(at in YEARS.0..=YEARS.1) {
            prop_assert_eq!(parse(&with_micros(at)), Some(at));
            prop_assert_eq!(parse(&with_millis(at)), Some(at - at.rem_euclid(1_000)));
        }

        /// Whatever a client sends.
        #[test]
        fn never_panics(text in prop_oneof![any::<String>(), "[0-9Tt:.+Z −-]{0,40}"]) {
            let _ = parse(&text);
        }
    }

    #[test]
    fn months_are_those_of_utc() {
        const MARCH: Millis = 1_772_323_200_000; // 2026-03-01T00:00:00Z
        for (at, text) in [(MARCH, "2026-03"), (MARCH - 1, "2026-02"), (0, "1970-01")] {
            assert_eq!(Month::of(at).text(), text);
        }
        let march = Month::parse("2026-03").unwrap();
        assert_eq!(march.start(), MARCH);
        for (months, text) in [(0, "2026-03"), (9, "2026-12"), (10, "2027-01"), (-3, "2025-12")] {
            assert_eq!(march.after(months).text(), text);
        }
        for none in ["", "2026", "2026-3", "2026-13", "2026-00", "26-03", "2026-03-01", "+026-03"] {
            assert_eq!(Month::parse(none), None, "{none}");
        }
    }
}
