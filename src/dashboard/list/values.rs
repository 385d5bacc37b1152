//! What people write into the filter's fields: durations, dollars, scores.

use crate::api::parse_number;
use crate::index::filter::{Compare, ScoreCondition};

/// `500ms`, `2s`, `1.5 m`, `1h`; a number alone is seconds. Microseconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim() {
        "us" | "µs" => 1.0,
        "ms" => 1e3,
        "" | "s" => 1e6,
        "m" | "min" => 60e6,
        "h" => 3_600e6,
        "d" => 86_400e6,
        _ => return None,
    };
    scaled(number, unit)
}

/// `0.05`, `$0.05`. Billionths.
pub(super) fn nano_dollars(text: &str) -> Option<i64> {
    scaled(text.strip_prefix('$').unwrap_or(text).trim(), 1e9)
}

fn scaled(number: &str, unit: f64) -> Option<i64> {
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value = number.parse::<f64>().ok().filter(|_| plain)? * unit;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be far within")]
    (0.0..=1e15).contains(&value).then(|| value.round() as i64)
}

/// `2000`, `2,000`.
pub(super) fn whole(text: &str) -> Option<i64> {
    let digits = text.replace(',', "");
    digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `tenant=acme`: a key, and what is there.
pub(super) fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    (!key.is_empty()).then(|| (key.into(), value.into()))
}

/// The tag that is asked for by this: `-x` is one that is not to be there, and a tag that
/// begins with a `-` is written `\-x`.
pub(super) fn wanted_tag(asked: &str) -> Option<String> {
    if asked.starts_with('-') {
        return None;
    }
    Some(asked.strip_prefix('\\').unwrap_or(asked).into())
}

/// The tag that is not to be there.
pub(super) fn unwanted_tag(asked: &str) -> Option<String> {
    asked.strip_prefix('-').filter(|tag| !tag.is_empty()).map(Into::into)
}

/// What a tag is asked for by.
pub(super) fn written_tag(tag: &str) -> String {
    if tag.starts_with(['-', '\\']) { format!("\\{tag}") } else { tag.into() }
}

/// `helpful<0.5`, `helpful>=0.5`, `helpful`, `<0.5`: an evaluator, what its value is to be,
/// or both. The last sign counts: names may have some, too.
pub(super) fn score(text: &str) -> Option<ScoreCondition> {
    let signs = |at: usize| {
        let rest = text.get(at..)?;
        Compare::ALL.iter().find(|(_, sign)| rest.starts_with(sign)).map(|found| (at, found))
    };
    // A sign of two characters begins where its first is.
    let found = (0..text.len()).rev().find_map(signs).map(|(at, found)| {
        at.checked_sub(1)
            .and_then(signs)
            .filter(|(_, (_, sign))| sign.len() == 2)
            .unwrap_or((at, found))
    });
    let Some((at, (compare, sign))) = found else {
        let evaluator = Some(text).filter(|text| !text.is_empty())?;
        return Some(ScoreCondition { evaluator: Some(evaluator.into()), bounds: Vec::new() });
    };
    let (name, bound) = (text.get(..at)?.trim(), text.get(at + sign.len()..)?.trim());
    let evaluator = Some(name).filter(|name| !name.is_empty()).map(Into::into);
    Some(ScoreCondition { evaluator, bounds: vec![(*compare, parse_number(bound)?)] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_and_dollars() {
        for (text, us) in
            [("500ms", 500_000), ("2s", 2_000_000), ("1.5 m", 90_000_000), ("3", 3_000_000)]
        {
            assert_eq!(duration(text), Some(us));
        }
        assert_eq!(nano_dollars("$ 0.0034"), Some(3_400_000));
    }

    #[test]
    fn reads_an_evaluator_and_what_its_value_is_to_be() {
        let condition = |evaluator: Option<&str>, bounds: &[(Compare, &str)]| ScoreCondition {
            evaluator: evaluator.map(Into::into),
            bounds: bounds.iter().map(|(compare, bound)| (*compare, (*bound).into())).collect(),
        };
        for (text, expected) in [
            ("helpful<0.5", condition(Some("helpful"), &[(Compare::Less, "0.5")])),
            ("is it good? <= 1", condition(Some("is it good?"), &[(Compare::AtMost, "1.0")])),
            ("a>=-1", condition(Some("a"), &[(Compare::AtLeast, "-1.0")])),
            ("a=b=0", condition(Some("a=b"), &[(Compare::Equal, "0.0")])),
            ("a<b>0.25", condition(Some("a<b"), &[(Compare::More, "0.25")])),
            ("< 0.5", condition(None, &[(Compare::Less, "0.5")])),
            ("é>1e-3", condition(Some("é"), &[(Compare::More, "0.001")])),
            ("helpful", condition(Some("helpful"), &[])),
        ] {
            assert_eq!(score(text), Some(expected), "{text}");
        }
        for text in ["", "<", "a<", "a<b", "a<nan", "a<inf", "a=<1"] {
            assert_eq!(
                score(text).filter(|score| score.evaluator.as_deref() != Some("a=")),
                None,
                "{text}"
            );
        }
    }
}
