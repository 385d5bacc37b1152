//! Scores, as a page lists them: what was judged, how, and why.

use maud::{Markup, html};

use super::format;
use super::layout::unfolding_preview;
use crate::index::scores::Score;

/// A list of scores; `link` is what leads to the span that one is of.
#[must_use]
pub fn score_list(scores: &[&Score], link: impl Fn(&str) -> Option<Markup>) -> Markup {
    html! {
        ul.scores {
            @for score in scores {
                li {
                    p {
                        span.score-name title=(score.name) { (score.name) }
                        @if let Some(value) = value_of(score) { b { (value) } }
                        @if let Some(label) = &score.label { span.badge title=(label) { (label) } }
                        @if let Some(link) = score.span.as_deref().and_then(&link) { (link) }
                        span.muted { (score.source()) " · " (format::time(score.at_us)) }
                    }
                    @if let Some(reasoning) = score.reasoning.as_deref().filter(|text| !text.is_empty()) {
                        (unfolding_preview(reasoning, &html! { p.reasoning { (reasoning) } }))
                    }
                }
            }
        }
    }
}

/// `0.5`, `1`; of one of two `true` or `false`, unless its label says that already.
fn value_of(score: &Score) -> Option<String> {
    let value = score.value.as_deref()?;
    let number: f64 = value.parse().ok()?;
    if score.boolean != 0 {
        return score.label.is_none().then(|| (number != 0.0).to_string());
    }
    Some(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_values_as_people_write_them() {
        let score = |value: &str, boolean, label: Option<&str>| Score {
            id: "i".into(),
            at_us: 0,
            trace: None,
            span: None,
            session: None,
            name: "n".into(),
            value: Some(value.into()),
            boolean,
            label: label.map(Into::into),
            reasoning: None,
            metadata: None,
            source: 0,
        };
        for (value, boolean, label, shown) in [
            ("1.0", 0, None, Some("1")),
            ("0.25", 0, Some("fair"), Some("0.25")),
            ("1.0", 1, None, Some("true")),
            ("0.0", 1, Some("false"), None),
        ] {
            assert_eq!(value_of(&score(value, boolean, label)).as_deref(), shown);
        }
    }
}
