//! What people write into the filter's fields: durations, dollars, scores.

use crate::api::parse_number;
use crate::dashboard::ui::format::short_number;
use crate::index::filter::{Compare, ScoreCondition};
use crate::index::score_results::PASSES;

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

/// What an evaluator is asked for by: a sign or a `\` of its name has a `\` before it.
#[must_use]
pub fn written_score(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    for letter in name.chars() {
        if NAMED.contains(&letter) {
            written.push('\\');
        }
        written.push(letter);
    }
    written
}

/// What those of its scores are asked for by that do not pass.
#[must_use]
pub fn failing_score(name: &str) -> String {
    format!("{}<{}", written_score(name), short_number(PASSES))
}

/// What signs are made of, and what says that one is none.
const NAMED: [char; 4] = ['<', '>', '=', '\\'];

/// The name that is written so.
fn named(written: &str) -> String {
    let mut name = String::with_capacity(written.len());
    let mut rest = written.chars();
    while let Some(letter) = rest.next() {
        let next = rest.clone().next().filter(|next| letter == '\\' && NAMED.contains(next));
        if next.is_some() {
            rest.next();
        }
        name.push(next.unwrap_or(letter));
    }
    name
}

/// `helpful<0.5`, `helpful>=0.5`, `helpful`, `<0.5`: an evaluator, what its value is to be,
/// or both. The last sign counts that has no `\` before it: names may have some, too.
pub(super) fn score(text: &str) -> Option<ScoreCondition> {
    let mut found = None;
    let mut rest = text;
    while let Some(at) = rest.find(NAMED) {
        let here = rest.get(at..)?;
        let escaped = here.strip_prefix('\\');
        let sign = Compare::ALL.iter().find(|(_, sign)| here.starts_with(sign));
        let taken = match (sign, escaped) {
            (Some((compare, sign)), _) => {
                let bound = here.get(sign.len()..)?;
                let name = text.get(..text.len() - here.len())?;
                found = Some((*compare, name, bound));
                sign.len()
            }
            (None, Some(after)) => 1 + usize::from(after.starts_with(NAMED)),
            (None, None) => 1,
        };
        rest = here.get(taken..)?;
    }
    let Some((compare, name, bound)) = found else {
        let evaluator = Some(named(text)).filter(|name| !name.is_empty())?;
        return Some(ScoreCondition { evaluator: Some(evaluator), bounds: Vec::new() });
    };
    let evaluator = Some(named(name.trim())).filter(|name| !name.is_empty());
    Some(ScoreCondition { evaluator, bounds: vec![(compare, parse_number(bound.trim())?)] })
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
        // Signs of a name, as links have them.
        for name in ["a<b", "a<=", "=", "a\\", "a\\<b", "\\\\>", "<0.5", "plain"] {
            let written = written_score(name);
            assert_eq!(score(&written), Some(condition(Some(name), &[])), "{written}");
            let below = format!("{written}<0.5");
            let expected = condition(Some(name), &[(Compare::Less, "0.5")]);
            assert_eq!(score(&below), Some(expected), "{below}");
        }
        assert_eq!(written_score("helpful"), "helpful");
        for text in ["", "<", "a<", "a<b", "a<nan", "a<inf", "a=<1"] {
            assert_eq!(
                score(text).filter(|score| score.evaluator.as_deref() != Some("a=")),
                None,
                "{text}"
            );
        }
    }
}
