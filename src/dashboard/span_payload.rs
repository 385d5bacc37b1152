//! A payload of a span on its page: how it is looked at, copied and opened raw, and
//! whether all of it is there.

use maud::{Markup, html};

use super::json_view::{Budget, size};
use super::messages::{Look, Payload};
use super::span_page::Slot;
use crate::model::SpanBody;

/// A larger payload is shown when it is asked for.
const LARGE: usize = 64 * 1024;
/// So much of one that was asked for.
const SHOWN_WHEN_ASKED: usize = 512 * 1024;

/// Whether a payload was asked for by itself, and how it is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// It is shown among the others.
    No,
    /// By itself, in the way that has this name.
    For(Option<&'a str>),
}

/// One payload, if the span has it. `path` is the span's.
#[must_use]
pub fn part(slot: Slot, body: &SpanBody<'_>, path: &str, asked: Asked<'_>) -> Markup {
    let Some(raw) = slot.of(body) else { return html! {} };
    let id = format!("part-{}", slot.name());
    let raw_url = format!("{path}/raw?part={}", slot.name());
    let url = format!("{path}?part={}", slot.name());
    if raw.len() > LARGE && asked == Asked::No {
        return html! {
            section.part id=(id) data-seen="none" {
                (head(slot, raw, &raw_url, None))
                p {
                    a.button href=(url) hx-get=(url) hx-target={ "#" (id) } hx-swap="outerHTML" {
                        "Show " (slot.label().to_ascii_lowercase()) ", " (size(raw.len()))
                    }
                }
            }
        };
    }
    let mut budget = Budget::new(if asked == Asked::No { 2 * LARGE } else { SHOWN_WHEN_ASKED });
    if slot == Slot::Error {
        let text = budget.take(raw).to_owned();
        return html! {
            section.part.failed id=(id) data-seen=[budget.seen()] {
                (head(slot, raw, &raw_url, None))
                div.plain { (text) }
                (rest(&budget, &raw_url))
            }
        };
    }
    let payload = Payload::of(raw);
    let wanted = match asked {
        Asked::For(Some(name)) => payload.looks().iter().find(|look| look.name() == name),
        _ => None,
    };
    let look = wanted.or_else(|| payload.looks().first()).copied().unwrap_or(Look::Json);
    let shown = payload.view(look, &mut budget);
    html! {
        section.part id=(id) data-seen=[budget.seen()] {
            (head(slot, raw, &raw_url, Some((&url, payload.looks(), look))))
            (shown)
            (rest(&budget, &raw_url))
        }
    }
}

/// What it is, and what can be done with it: `looks` are where it can be shown in
/// another way, those ways, and the one in which it is shown.
fn head(slot: Slot, raw: &str, raw_url: &str, looks: Option<(&str, &[Look], Look)>) -> Markup {
    let others = looks.filter(|(_, looks, _)| looks.len() > 1);
    // What is copied of a text is the text, and of anything else its JSON.
    let is_text = slot != Slot::Error && raw.starts_with('"');
    html! {
        header {
            h3 { (slot.label()) }
            span.muted { (size(raw.len())) }
            span.spacer {}
            @if let Some((url, looks, shown)) = others {
                span.looks {
                    @for look in looks {
                        @let url = format!("{url}&view={}", look.name());
                        a href=(url) hx-get=(url) hx-target={ "#part-" (slot.name()) } hx-swap="outerHTML"
                            aria-current=[(shown == *look).then_some("true")] { (look.label()) }
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
