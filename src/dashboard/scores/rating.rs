//! Rating a trace or a span: thumbs and a note, by whoever is signed in. The form works
//! without scripts; with them it is sent by htmx, and the answer is the form as it is then.

use maud::{Markup, html};
use sha2::{Digest, Sha256};

use crate::access::api_keys::hex;
use crate::dashboard::ui::url::{span_url, trace_url};
use crate::dashboard::view::View;
use crate::error::Reject;
use crate::index::scores::Score;
use crate::limits::MAX_SCORE_REASONING_CHARS;

/// What ids of ratings are made from, besides whose they are and of what.
const PURPOSE: &str = "edgespan rating v1";

/// What somebody says of a trace or a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Whether it is good, if that is said.
    pub good: Option<bool>,
    /// A note; empty for none.
    pub note: String,
}

impl Said {
    /// Whether it says nothing: then there is to be no rating.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.good.is_none() && self.note.is_empty()
    }

    /// What a form says.
    ///
    /// # Errors
    /// 400 for a note that is too long, and for what is no form of these pages.
    pub fn of_form(form: &[u8]) -> Result<Self, Reject> {
        let (mut value, mut kept, mut note) = (String::new(), String::new(), String::new());
        for (name, text) in form_urlencoded::parse(form) {
            match &*name {
                "value" => value = text.into_owned(),
                "kept" => kept = text.into_owned(),
                "note" => text.replace("\r\n", "\n").trim().clone_into(&mut note),
                _ => {}
            }
        }
        let chars = note.chars().count();
        if chars > MAX_SCORE_REASONING_CHARS {
            let most = MAX_SCORE_REASONING_CHARS;
            let message = format!("expected at most {most} characters, found {chars}");
            return Err(Reject::invalid("note", message));
        }
        let good = |word: &str| match word {
            "good" => Some(Some(true)),
            "bad" => Some(Some(false)),
            "" => Some(None),
            _ => None,
        };
        let said = match &*value {
            "none" => Some(Self::default()),
            "note" => good(&kept).map(|good| Self { good, note }),
            "good" | "bad" => good(&value).map(|good| Self { good, note }),
            _ => None,
        };
        said.ok_or_else(|| Reject::invalid("value", "expected good, bad, note or none"))
    }

    /// What the rating of this id says.
    #[must_use]
    pub fn find(scores: &[Score], id: &str) -> Self {
        let Some(score) = scores.iter().find(|score| score.id == id) else {
            return Self::default();
        };
        let value = score.value.as_deref().and_then(|value| value.parse::<f64>().ok());
        Self {
            good: value.map(|value| value > 0.5),
            note: score.reasoning.clone().unwrap_or_default(),
        }
    }
}

/// The id of somebody's rating: who has one says another thing with it, and no two people
/// share one. It begins as no client's ids of scores may.
#[must_use]
pub fn id_of(key_id: &str, trace: &str, span: Option<&str>) -> String {
    let mut hash = Sha256::new();
    for part in [PURPOSE, key_id, trace, span.unwrap_or_default()] {
        // With their lengths, so that no two lists of parts are the same bytes.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hex(&hash.finalize());
    format!("sc_{}", digest.get(..32).unwrap_or_default())
}

/// What whoever looks says of a trace or a span already.
#[must_use]
pub fn rating_of<D, S>(
    view: &View<'_, D, S>,
    trace: &str,
    span: Option<&str>,
    scores: &[Score],
) -> Said {
    Said::find(scores, &id_of(view.key_id, trace, span))
}

/// The form for a trace or one of its spans.
#[must_use]
pub fn form(trace: &str, span: Option<&str>, said: &Said) -> Markup {
    let (what, path) = match span {
        None => ("trace", trace_url(trace) + "/rating"),
        Some(span) => ("span", span_url(trace, span) + "/rating"),
    };
    let kept = match said.good {
        Some(true) => "good",
        Some(false) => "bad",
        None => "",
    };
    let thumb = |value: &str, label: &str, turn: Option<&str>| {
        html! {
            button.quiet.thumb.(value) type="submit" name="value" value=(value) aria-label=(label) title=(label)
                aria-pressed=(if kept == value { "true" } else { "false" }) {
                svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" {
                    path transform=[turn] d="M1.5 7H4v7H1.5zM5.5 7 8 1.5c1.3 0 2 .9 1.8 2.1L9.4 6h3.4c1 0 1.8 1 1.6 2l-.9 4.6c-.2.9-.9 1.4-1.7 1.4H5.5z" {}
                }
            }
        }
    };
    html! {
        form.rate method="post" action=(path) hx-post=(path) hx-swap="outerMorph" aria-label=(format!("Rate the {what}")) data-rate=(what) {
            input type="hidden" name="kept" value=(kept);
            (thumb("good", "Good", None))
            (thumb("bad", "Bad", Some("rotate(180 8 8)")))
            details.note {
                summary title="A note on it" { @if said.note.is_empty() { "Note" } @else { "Note ●" span.sr { ", written" } } }
                div.panel {
                    label { "Note" textarea name="note" rows="4" maxlength=(MAX_SCORE_REASONING_CHARS) { (said.note) } }
                    div.actions {
                        button.primary type="submit" name="value" value="note" { "Save" }
                        @if !said.is_nothing() { button type="submit" name="value" value="none" { "Take back" } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(good: Option<bool>, note: &str) -> Said {
        Said { good, note: note.into() }
    }

    #[test]
    fn a_thumb_takes_the_note_along_and_a_note_keeps_the_thumb() {
        for (form, expected) in [
            ("value=good&kept=&note=", said(Some(true), "")),
            ("kept=good&value=bad&note=+why%0D%0Aso+", said(Some(false), "why\nso")),
            ("value=note&kept=bad&note=x", said(Some(false), "x")),
            ("value=note&kept=&note=x", said(None, "x")),
            ("value=note&kept=&note=+", said(None, "")),
            ("value=none&kept=good&note=x", said(None, "")),
        ] {
            assert_eq!(Said::of_form(form.as_bytes()), Ok(expected), "{form}");
        }
        for form in ["", "value=", "value=1", "value=note&kept=1", "note=x"] {
            assert!(Said::of_form(form.as_bytes()).is_err(), "{form}");
        }
        let note =
            |n: usize| Said::of_form(format!("value=good&note={}", "é".repeat(n)).as_bytes());
        assert!(note(MAX_SCORE_REASONING_CHARS).is_ok());
        assert!(note(MAX_SCORE_REASONING_CHARS + 1).is_err());
    }

    #[test]
    fn ids_are_those_of_a_person_and_what_is_rated() {
        let ids = [
            id_of("k", "t", None),
            id_of("l", "t", None),
            id_of("k", "u", None),
            id_of("k", "t", Some("s")),
            id_of("kt", "", None),
        ];
        for (at, id) in ids.iter().enumerate() {
            assert!(!ids[..at].contains(id) && id.len() == 35 && id.starts_with("sc_"), "{id}");
        }
        assert_eq!(ids[0], id_of("k", "t", None));
    }
}
