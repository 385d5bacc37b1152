//! From the text of a JSON number, which the scanner has passed, to what the
//! index needs of it. Costs stay text; only whether they can be added up is
//! looked at.

use crate::limits::MAX_COST_USD;

/// The integer that a number is, however it is written (`150`, `150.0`,
/// `1.5e2`); `None` where it is none, is negative or has over 19 digits.
pub(crate) fn integer(raw: &str) -> Option<u64> {
    if raw.len() < 20 && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return raw.parse().ok();
    }
    written_otherwise(raw)
}

/// As digits, none of them a leading or trailing zero, and a power of ten.
fn written_otherwise(raw: &str) -> Option<u64> {
    let (mantissa, power) = match raw.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, exponent(power)),
        None => (raw, 0),
    };
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |m| (true, m));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    let count = whole.len() + fraction.len();
    let zeros = digits().rev().take_while(|digit| *digit == b'0').count();
    if zeros == count {
        return Some(0);
    }
    // value = digits without the last `zeros` × 10^power
    let power = power - i64::try_from(fraction.len()).ok()? + i64::try_from(zeros).ok()?;
    let power = u32::try_from(power).ok().filter(|_| !negative)?;
    let mut value = 0_u64;
    for digit in digits().take(count - zeros) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    value.checked_mul(10_u64.checked_pow(power)?)
}

/// An exponent, its sign before it or none; where it is beyond all sense, one
/// beyond every number that is let in.
fn exponent(text: &str) -> i64 {
    const FAR: i64 = 1 << 40;
    let far = if text.starts_with('-') { -FAR } else { FAR };
    text.parse::<i64>().map_or(far, |power| power.clamp(-FAR, FAR))
}

/// Whether a number is no more than [`MAX_COST_USD`], either side of zero. The
/// first half answers for what is usually sent, without reading the number.
pub(crate) fn is_cost(raw: &str) -> bool {
    let few_digits = || {
        let whole = raw.bytes().take_while(|byte| *byte != b'.').count();
        whole <= SURELY && !raw.bytes().any(|byte| matches!(byte, b'e' | b'E'))
    };
    few_digits() || raw.parse::<f64>().is_ok_and(|cost| cost.abs() <= MAX_COST_USD)
}

/// So many digits are less than [`MAX_COST_USD`].
const SURELY: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_however_they_are_written() {
        for (raw, value) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("0.000", Some(0)),
            ("0e999999999999999999999", Some(0)),
            ("-0E-5", Some(0)),
            ("150", Some(150)),
            ("150.0", Some(150)),
            ("1.5e2", Some(150)),
            ("15E+1", Some(150)),
            ("0.15e3", Some(150)),
            ("1500e-1", Some(150)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("9007199254740993.0", Some(9_007_199_254_740_993)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1844674407370955161500e-2", Some(u64::MAX)),
            ("1.5", None),
            ("150e-2", None),
            ("9007199254740991.0000000001", None),
            ("0.99999999999999999999999", None),
            ("-1", None),
            ("-1.0", None),
            ("1e20", None),
            ("1e999999999999999999999", None),
            ("1e-999999999999999999999", None),
        ] {
            assert_eq!(integer(raw), value, "{raw}");
        }
    }

    #[test]
    fn costs_up_to_a_million_dollars() {
        let long = "9".repeat(400);
        let fraction = format!("0.{long}");
        let yes = [
            "0",
            "-0.003",
            "999999.99",
            "-999999",
            "1000000",
            "1e6",
            "-1000000.000",
            "0.1e7",
            "1e-999",
            "0e999",
            &fraction,
        ];
        let no = ["1000000.01", "-1000001", "1e7", "1e309", "-1E+400", &long];
        assert_eq!(yes.iter().find(|raw| !is_cost(raw)), None);
        assert_eq!(no.iter().find(|raw| is_cost(raw)), None);
    }
}
