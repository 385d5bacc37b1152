//! Scores as a page lists them, by evaluator: what was judged, how, why, by whom and when.

use maud::{Markup, html};

use crate::dashboard::ui::format;
use crate::dashboard::ui::format::{counted, mean, short_number};
use crate::dashboard::ui::layout::unfolding_preview;
use crate::index::scores::Score;

/// `3 scores`.
#[must_use]
pub fn count_of_scores(n: usize) -> String {
    counted(i64::try_from(n).unwrap_or(i64::MAX), "score")
}

/// A list of scores, those of one evaluator together, in the order in which they come;
/// `link` is what leads to the span that one is of.
#[must_use]
pub fn score_list(scores: &[&Score], link: impl Fn(&str) -> Option<Markup>) -> Markup {
    let link = |score: &Score| score.span.as_deref().and_then(&link);
    html! {
        ul.scores {
            @for group in by_evaluator(scores) {
                li {
                    @match group.as_slice() {
                        [score] => {
                            p { (name(score)) (facts(score, link(score))) }
                            (reasoning(score))
                        },
                        several => {
                            p {
                                @if let Some(first) = several.first() { (name(first)) }
                                span.muted {
                                    (count_of_scores(several.len()))
                                    @if let Some(mean) = mean_of(several) { ", " (short_number(mean)) " on average" }
                                }
                            }
                            ul {
                                @for score in several {
                                    li { p { (facts(score, link(score))) } (reasoning(score)) }
                                }
                            }
                        },
                    }
                }
            }
        }
    }
}

/// The scores of each evaluator, which is its name.
fn by_evaluator<'a>(scores: &[&'a Score]) -> Vec<Vec<&'a Score>> {
    let mut groups: Vec<Vec<&Score>> = Vec::new();
    for score in scores {
        let same = |group: &&mut Vec<&Score>| group.iter().any(|other| other.name == score.name);
        match groups.iter_mut().find(same) {
            Some(group) => group.push(score),
            None => groups.push(vec![score]),
        }
    }
    groups
}

fn name(score: &Score) -> Markup {
    html! { span.score-name title=(score.name) { (score.name) } }
}

fn facts(score: &Score, link: Option<Markup>) -> Markup {
    html! {
        @if let Some(value) = value_of(score) { b { (value) } }
        @if let Some(label) = &score.label { span.badge title=(label) { (label) } }
        @if let Some(link) = link { (link) }
        span.muted { (score.source()) " · " (format::time(score.at_us)) }
    }
}

fn reasoning(score: &Score) -> Markup {
    let text = score.reasoning.as_deref().filter(|text| !text.is_empty());
    html! {
        @if let Some(text) = text { (unfolding_preview(text, &html! { p.reasoning { (text) } })) }
    }
}

/// The value, where it is a number.
fn number(score: &Score) -> Option<f64> {
    score.value.as_deref()?.parse().ok()
}

/// `0.5`, `1`; of one of two `true` or `false`, unless its label says that already.
fn value_of(score: &Score) -> Option<String> {
    let number = number(score)?;
    if score.boolean != 0 {
        return score.label.is_none().then(|| (number != 0.0).to_string());
    }
    Some(number.to_string())
}

/// What those of the scores are on average that are numbers.
fn mean_of(scores: &[&Score]) -> Option<f64> {
    mean(scores.iter().filter_map(|score| number(score)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(name: &str, value: &str, boolean: u8, label: Option<&str>) -> Score {
        Score {
            id: "i".into(),
            at_us: 0,
            trace: None,
            span: None,
            session: None,
            name: name.into(),
            value: Some(value.into()),
            boolean,
            label: label.map(Into::into),
            reasoning: None,
            metadata: None,
            source: 0,
        }
    }

    #[test]
    fn shows_values_as_people_write_them() {
        for (value, boolean, label, shown) in [
            ("1.0", 0, None, Some("1")),
            ("0.25", 0, Some("fair"), Some("0.25")),
            ("1.0", 1, None, Some("true")),
            ("0.0", 1, Some("false"), None),
        ] {
            assert_eq!(value_of(&score("n", value, boolean, label)).as_deref(), shown);
        }
    }

    #[test]
    fn puts_the_scores_of_an_evaluator_together() {
        let scores =
            [("a", "1"), ("b", "0.5"), ("a", "0")].map(|(name, n)| score(name, n, 0, None));
        let scores: Vec<_> = scores.iter().collect();
        let html = score_list(&scores, |_| None).into_string();
        assert_eq!(html.matches("score-name").count(), 2, "{html}");
        assert!(html.contains("2 scores, 0.5 on average"), "{html}");
        assert!(html.find(">b<") > html.find("on average"), "{html}");
    }
}
