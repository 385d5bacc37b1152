//! Ranges of time up to now, as the list's URL and form have them.

use crate::model::Micros;

/// Ranges of time up to now that the form offers: `(value, label)`. The URL takes
/// any number of minutes, hours, days or weeks.
pub const RANGES: [(&str, &str); 5] = [
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    (ALL, "All time"),
];
pub(super) const ALL: &str = "all";
const MINUTE: Micros = 60_000_000;
/// What ranges are counted in.
const UNITS: [(&str, &str, Micros); 4] = [
    ("m", "minute", MINUTE),
    ("h", "hour", 60 * MINUTE),
    ("d", "day", 24 * 60 * MINUTE),
    ("w", "week", 7 * 24 * 60 * MINUTE),
];
/// The longest range, a century: far more is no range that anybody means.
const MAX_RANGE: Micros = 100 * 366 * 24 * 60 * MINUTE;
/// What is shown when the URL does not say.
pub(super) const DEFAULT_RANGE: &str = "24h";
/// The range that has its own ends.
pub const CUSTOM: &str = "custom";

/// `90m`, `24h`, `2w`: how many of what, and microseconds.
pub(super) fn range(text: &str) -> Option<(i64, &'static str, Micros)> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let (_, unit, micros) = UNITS.iter().find(|(name, ..)| *name == unit)?;
    let n: i64 = number.parse().ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit()))?;
    let micros = n.checked_mul(*micros).filter(|micros| (1..=MAX_RANGE).contains(micros))?;
    Some((n, unit, micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_any_number_of_minutes_hours_days_and_weeks() {
        for (text, n, unit, minutes) in [
            ("1m", 1, "minute", 1),
            ("90m", 90, "minute", 90),
            ("036h", 36, "hour", 36 * 60),
            ("7d", 7, "day", 7 * 1_440),
            ("2w", 2, "week", 14 * 1_440),
        ] {
            assert_eq!(range(text), Some((n, unit, minutes * MINUTE)), "{text}");
        }
        for text in [
            "",
            "w",
            "2",
            "2y",
            "-2w",
            "+2w",
            "0h",
            "1.5h",
            "9999999999999999999w",
            "6000w",
            "é",
            "2é",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}
