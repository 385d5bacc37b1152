//! A payload on a page: how it is looked at, copied and opened raw, and
//! whether all of it is there.

use maud::{Markup, html};

use super::messages::{Look, Payload, ViewMode};
use super::payload_field::PayloadField;
use crate::dashboard::ui::json_view::{Budget, size};

/// A larger payload is shown when it is asked for.
const LARGE: usize = 64 * 1024;
/// So much of one that was asked for.
const SHOWN_WHEN_ASKED: usize = 512 * 1024;

/// Whether a payload was asked for by itself, and how it is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadRequest<'a> {
    /// It is shown among the others.
    No,
    /// By itself, in the way that has this name.
    For(Option<&'a str>),
}

/// What a payload belongs to, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A span, which its images are asked of one by one.
    Span(&'a str),
    /// A trace itself.
    Trace(&'a str),
}

/// One payload, as it was sent. `plain` is whether texts are shown as they are, not as Markdown.
#[must_use]
pub fn part(
    field: PayloadField,
    raw: &str,
    place: Place<'_>,
    asked: PayloadRequest<'_>,
    plain: bool,
) -> Markup {
    let (path, span) = match place {
        Place::Span(path) => (path, Some(path)),
        Place::Trace(path) => (path, None),
    };
    let id = format!("part-{}", field.name());
    let raw_url = format!("{path}/raw?part={}", field.name());
    let url = format!("{path}?part={}", field.name());
    if raw.len() > LARGE && asked == PayloadRequest::No {
        return html! {
            section.part id=(id) data-seen="none" {
                (head(field, raw, &raw_url, None))
                p {
                    a.button href=(url) hx-get=(url) hx-target={ "#" (id) } hx-swap="outerHTML" {
                        "Show " (field.label().to_ascii_lowercase()) ", " (size(raw.len()))
                    }
                }
            }
        };
    }
    let mut budget =
        Budget::new(if asked == PayloadRequest::No { 2 * LARGE } else { SHOWN_WHEN_ASKED });
    if field == PayloadField::Error {
        let text = budget.take(raw).to_owned();
        return html! {
            section.part.failed id=(id) data-seen=[budget.seen()] {
                (head(field, raw, &raw_url, None))
                div.plain { (text) }
                (rest(&budget, &raw_url))
            }
        };
    }
    let payload = Payload::of(raw);
    let wanted = match asked {
        PayloadRequest::For(Some(name)) => payload.modes().iter().find(|mode| mode.name() == name),
        _ => None,
    };
    let mode = wanted.or_else(|| payload.modes().first()).copied().unwrap_or(ViewMode::Json);
    let look = Look {
        span,
        plain,
        is_answer: field == PayloadField::Output,
        is_question: field == PayloadField::Input,
    };
    let shown = payload.view(mode, look, &mut budget);
    html! {
        section.part id=(id) data-seen=[budget.seen()] {
            (head(field, raw, &raw_url, Some((&url, payload.modes(), mode))))
            (shown)
            (rest(&budget, &raw_url))
        }
    }
}

/// What it is, and what can be done with it: `modes` are where it can be shown in
/// another way, those ways, and the one in which it is shown.
fn head(
    field: PayloadField,
    raw: &str,
    raw_url: &str,
    modes: Option<(&str, &[ViewMode], ViewMode)>,
) -> Markup {
    let others = modes.filter(|(_, modes, _)| modes.len() > 1);
    // What is copied of a text is the text, and of anything else its JSON.
    let is_text = field != PayloadField::Error && raw.starts_with('"');
    html! {
        header {
            h3 { (field.label()) }
            span.muted { (size(raw.len())) }
            span.spacer {}
            @if let Some((url, modes, shown)) = others {
                span.modes {
                    @for mode in modes {
                        @let url = format!("{url}&view={}", mode.name());
                        a href=(url) hx-get=(url) hx-target={ "#part-" (field.name()) } hx-swap="outerHTML"
                            aria-current=[(shown == *mode).then_some("true")] { (mode.label()) }
                    }
                }
            }
            button.small type="button" data-copy-url=(raw_url) data-copy-text[is_text] { "Copy" }
            a.small.button href=(raw_url) target="_blank" rel="noopener" { "Raw" }
        }
    }
}

fn rest(budget: &Budget, raw_url: &str) -> Markup {
    html! {
        @if let Some(seen) = budget.seen() {
            p.muted {
                "This is not all of it, but " (seen) ". "
                a href=(raw_url) target="_blank" rel="noopener" { "Open it raw" }
            }
        }
    }
}
