//! Numbers and times as people read them. Times are written in UTC; app.js
//! shows them in the reader's own zone.

use maud::{Markup, html};

use crate::api;
use crate::model::Micros;
use crate::time;

/// What stands in place of a name that is empty.
pub const NO_NAME: &str = "no name";

/// A name, or that there is none.
#[must_use]
pub fn name(name: &str) -> Markup {
    html! { @if name.is_empty() { em { (NO_NAME) } } @else { (name) } }
}

/// The same where there is only text.
#[must_use]
pub fn name_text(name: &str) -> &str {
    if name.is_empty() { NO_NAME } else { name }
}

/// `1 trace`, `1,234 traces`.
#[must_use]
pub fn counted(n: i64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// `1,234,567`.
#[must_use]
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        text.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `950`, `1.2k`, `34.5M`: for where there is no room.
#[must_use]
pub fn short(n: i64) -> String {
    const UNITS: [(i64, &str); 4] =
        [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")];
    match UNITS.iter().find(|(unit, _)| n.abs() >= *unit) {
        Some((unit, name)) => {
            let tenths = n / (unit / 10);
            let (whole, tenth) = (tenths / 10, (tenths % 10).abs());
            if tenth == 0 || whole.abs() >= 100 {
                format!("{}{name}", count(whole))
            } else {
                format!("{}.{tenth}{name}", count(whole))
            }
        }
        None => count(n),
    }
}

/// Billionths of a dollar: `$12.30` to the cent, `$0.0034` to the hundredth of
/// one, and `<$0.0001` for what is less: short enough that it is never cut.
#[must_use]
pub fn dollars(nano: i64) -> String {
    const CENT: u64 = 10_000_000;
    const LEAST: u64 = CENT / 100;
    let n = nano.unsigned_abs();
    let sign = if nano < 0 { "−" } else { "" };
    let unit = match n {
        0 => return "$0".into(),
        1..LEAST => return format!("{}{sign}$0.0001", if nano < 0 { ">" } else { "<" }),
        LEAST..1_000_000_000 => LEAST,
        _ => CENT,
    };
    let n = (n + unit / 2) / unit * unit;
    let whole = count(i64::try_from(n / 1_000_000_000).unwrap_or(i64::MAX));
    let fraction = format!("{:09}", n % 1_000_000_000);
    let kept = fraction.trim_end_matches('0').len().max(2);
    format!("{sign}${whole}.{}", fraction.get(..kept).unwrap_or_default())
}

/// A cost with the exact one on hover. In a column (`.num`) the decimal points
/// stand under one another: the style sheet adds the decimals that are missing,
/// unseen.
#[must_use]
pub fn cost(nano: i64) -> Markup {
    let text = dollars(nano);
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    html! { span.cost data-decimals=(decimals) title=(exact_dollars(nano)) { (text) } }
}

/// What a cost says on hover: all of it where less is shown, and whose it is.
#[must_use]
pub fn cost_title(nano: i64, sum: Option<&str>) -> Option<String> {
    let exact = exact_dollars(nano);
    match (sum, exact == dollars(nano)) {
        (Some(sum), true) => Some(sum.into()),
        (Some(sum), false) => Some(format!("{sum}: {exact}")),
        (None, exact_already) => (!exact_already).then_some(exact),
    }
}

/// A count of tokens for a column: all its digits, or on hover where there is no
/// room for them.
#[must_use]
pub fn tokens(n: i64) -> Markup {
    const ROOM: i64 = 10_000_000;
    html! {
        @if n.abs() < ROOM { (count(n)) }
        @else { span title=(count(n)) { (short(n)) } }
    }
}

/// All of it: `$0.001234567`.
#[must_use]
pub fn exact_dollars(nano: i64) -> String {
    let text = api::dollars(nano);
    match text.strip_prefix('-') {
        Some(text) => format!("−${text}"),
        None => format!("${text}"),
    }
}

/// Microseconds as one reads them: `870 µs`, `12 ms`, `1.24 s`, `2 m 05 s`,
/// `3 h 10 m`, `2 d 04 h`.
#[must_use]
pub fn duration(micros: i64) -> String {
    let us = micros.max(0);
    // Above a second to the hundredth, and never `60.00 s`.
    let hundredths = (us + 5_000) / 10_000;
    let s = (us + 500_000) / 1_000_000;
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..9_950 => format!("{}.{} ms", (us + 50) / 1_000, (us + 50) / 100 % 10),
        9_950..999_500 => format!("{} ms", (us + 500) / 1_000),
        _ if hundredths < 1_000 => format!("{}.{:02} s", hundredths / 100, hundredths % 100),
        999_500..59_950_000 => {
            let tenths = (us + 50_000) / 100_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        _ if s < 3_600 => format!("{} m {:02} s", s / 60, s % 60),
        _ if s < 86_400 => format!("{} h {:02} m", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {:02} h", count(s / 86_400), s % 86_400 / 3_600),
    }
}

/// How long something that runs has run by now, in whole seconds: app.js goes on
/// counting from there.
#[must_use]
pub fn elapsed(micros: i64) -> Markup {
    let s = micros.max(0) / 1_000_000;
    let text = match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} m {:02} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {:02} m", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {:02} h", count(s / 86_400), s % 86_400 / 3_600),
    };
    html! { span data-elapsed=(micros) { (text) } }
}

/// ISO 8601 in UTC with microseconds where there are any.
#[must_use]
pub fn iso(at: Micros) -> String {
    if at % 1_000 == 0 { time::with_millis(at) } else { time::with_micros(at) }
}

/// A point in time: `2026-11-22 06:19:30` with the exact one on hover.
#[must_use]
pub fn time(at: Micros) -> Markup {
    let exact = iso(at);
    let plain = exact.split('.').next().unwrap_or_default().replace('T', " ");
    html! { time datetime=(exact) title=(format!("{exact} (UTC)")) { (plain) } }
}

/// How long ago a time was, next to the time itself. The script writes it, and
/// goes on writing it: a page must not change only because time passes.
#[must_use]
pub fn ago(at: Micros) -> Markup {
    html! { span.ago data-ago=(at.div_euclid(1_000)) hx-morph-skip-children {} }
}

/// How long something has run that began then. The script writes it, as above.
#[must_use]
pub fn since(start: Micros) -> Markup {
    html! { span data-since=(start.div_euclid(1_000)) hx-morph-skip-children { "…" } }
}

/// The zone that times are shown in, for the head of a column.
#[must_use]
pub fn zone() -> Markup {
    html! { span data-zone hx-morph-skip-children { "UTC" } }
}

/// All but what RFC 3986 reserves for nothing.
const RESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A part of a path or a value in a query, so that it stays one.
#[must_use]
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, RESERVED).to_string()
}

/// What numbers are on average.
pub fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for number in numbers {
        sum += number;
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

/// A number with at most two decimals: `0.67`, `1`.
#[must_use]
pub fn short_number(value: f64) -> String {
    ((value * 100.0).round() / 100.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_counts() {
        for (n, long, brief) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1,000", "1k"),
            (1_234, "1,234", "1.2k"),
            (123_456, "123,456", "123k"),
            (-1_234_567, "−1,234,567", "−1.2M"),
            (34_560_000_000, "34,560,000,000", "34.5B"),
            (i64::MAX, "9,223,372,036,854,775,807", "9,223,372T"),
        ] {
            assert_eq!((count(n).as_str(), short(n).as_str()), (long, brief));
        }
    }

    #[test]
    fn writes_dollars() {
        for (nano, text, exact) in [
            (0, "$0", "$0"),
            (3_400_000, "$0.0034", "$0.0034"),
            (1, "<$0.0001", "$0.000000001"),
            (99_999, "<$0.0001", "$0.000099999"),
            (100_000, "$0.0001", "$0.0001"),
            (178_000, "$0.0002", "$0.000178"),
            (-120, ">−$0.0001", "−$0.00000012"),
            (1_234_567, "$0.0012", "$0.001234567"),
            (999_960_000, "$1.00", "$0.99996"),
            (99_960_000, "$0.10", "$0.09996"),
            (12_345_678_901, "$12.35", "$12.345678901"),
            (500_000_000, "$0.50", "$0.5"),
            (-2_500_000_000, "−$2.50", "−$2.5"),
            (1_234_000_000_000, "$1,234.00", "$1234"),
        ] {
            assert_eq!((dollars(nano).as_str(), exact_dollars(nano).as_str()), (text, exact));
        }
    }

    #[test]
    fn costs_say_how_many_decimals_they_have() {
        for (nano, decimals, title) in [
            (0, 0, "$0"),
            (120, 4, "$0.00000012"),
            (123_000_000, 3, "$0.123"),
            (12_345_678_901, 2, "$12.345678901"),
        ] {
            let html = cost(nano).into_string();
            let expected = format!("data-decimals=\"{decimals}\" title=\"{title}\"");
            assert!(html.contains(&expected), "{html}");
        }
    }

    #[test]
    fn costs_that_are_shown_shorter_are_whole_on_hover() {
        for (nano, sum, title) in [
            (120_000_000, None, None),
            (178_000, None, Some("$0.000178")),
            (178_000, Some("Of the spans below"), Some("Of the spans below: $0.000178")),
            (120_000_000, Some("Of the spans below"), Some("Of the spans below")),
        ] {
            assert_eq!(cost_title(nano, sum).as_deref(), title);
        }
    }

    #[test]
    fn tokens_that_have_no_room_are_whole_on_hover() {
        assert_eq!(tokens(9_999_999).into_string(), "9,999,999");
        assert_eq!(tokens(123_456_789).into_string(), "<span title=\"123,456,789\">123M</span>");
    }

    #[test]
    fn writes_durations() {
        for (us, text) in [
            (-5, "0 µs"),
            (870, "870 µs"),
            (1_240, "1.2 ms"),
            (9_949, "9.9 ms"),
            (9_950, "10 ms"),
            (340_000, "340 ms"),
            (999_499, "999 ms"),
            (999_500, "1.00 s"),
            (1_240_000, "1.24 s"),
            (9_996_000, "10.0 s"),
            (59_949_999, "59.9 s"),
            (59_950_000, "1 m 00 s"),
            (125_000_000, "2 m 05 s"),
            (11_400_000_000, "3 h 10 m"),
            (187_200_000_000, "2 d 04 h"),
        ] {
            assert_eq!(duration(us), text, "{us}");
        }
    }

    #[test]
    fn writes_how_long_something_has_run() {
        for (us, text) in [
            (-5, "0 s"),
            (59_999_999, "59 s"),
            (65_000_000, "1 m 05 s"),
            (3_599_000_000, "59 m 59 s"),
            (11_400_000_000, "3 h 10 m"),
            (187_200_000_000, "2 d 04 h"),
        ] {
            let html = format!("<span data-elapsed=\"{us}\">{text}</span>");
            assert_eq!(elapsed(us).into_string(), html);
        }
    }

    #[test]
    fn writes_times() {
        assert_eq!(
            time(1_795_328_370_123_000).into_string(),
            r#"<time datetime="2026-11-22T06:19:30.123Z" title="2026-11-22T06:19:30.123Z (UTC)">2026-11-22 06:19:30</time>"#
        );
        assert!(time(i64::MIN).into_string().contains("1970"));
    }

    #[test]
    fn numbers_have_two_decimals_at_most() {
        for (value, shown) in [(2.0 / 3.0, "0.67"), (1.0, "1"), (0.5, "0.5"), (-1e6, "-1000000")] {
            assert_eq!(short_number(value), shown);
        }
        assert_eq!(mean([1.0, 0.0].into_iter()), Some(0.5));
        assert_eq!(mean(std::iter::empty()), None);
    }
}
