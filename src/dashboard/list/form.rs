//! The filters above the list: a form whose fields are the URL's parameters.

use maud::{Markup, html};

use super::filter::{ListQuery, Problem};
use super::find;
use super::range::{CUSTOM, RANGES};
use crate::model::TraceStatus;

/// The form, filled in with what is asked for.
#[must_use]
pub fn form(asked: &ListQuery, problems: &[Problem]) -> Markup {
    let (first_tag, more_tags) = match asked.tags.as_slice() {
        [only] => (only.as_str(), [].as_slice()),
        tags => ("", tags),
    };
    html! {
        div.headline {
            h1 { "Traces" }
            button.quiet.live #live type="button" aria-pressed="true" hidden { "Live" }
            span.spacer {}
            button.filters-switch type="button" aria-expanded="false" aria-controls="filters" {
                "Filters" @if asked.narrows() { span.badge { "on" } }
            }
        }
        @for (label, takes) in problems {
            p.message.error role="alert" { b { (label) } ": this takes " (takes) "." }
        }
        form.filters #filters method="get" action="/traces" role="search" aria-label="Filters" {
            (find::search_box(asked))
            (range_fields(asked))
            label { "Status" select name="status" {
                option value="" { "Any" }
                @for (status, name) in TraceStatus::ALL {
                    option value=(name.to_ascii_lowercase()) selected[asked.status.eq_ignore_ascii_case(name)] { (status.word()) }
                }
            } }
            (text("Name", "name", &asked.name, "contains"))
            (text("Tag", "tag", first_tag, "exact, -not"))
            (text("Session", "session", &asked.session, "exact"))
            (text("User", "user", &asked.user, "exact"))
            (text("Model", "model", &asked.model, "contains"))
            (text("Min. duration", "min_duration", &asked.min_duration, "2 s, 1.5 m"))
            (text("Min. cost", "min_cost", &asked.min_cost, "$ 0.05"))
            (text("Score", "score", &asked.score, "name < 0.5"))
            details.more-filters open[asked.has_more()] {
                summary { "More" }
                div {
                    (text("Max. duration", "max_duration", &asked.max_duration, "2 s, 1.5 m"))
                    (text("Max. cost", "max_cost", &asked.max_cost, "$ 0.05"))
                    (text("Min. tokens", "min_tokens", &asked.min_tokens, "2000"))
                    (text("Max. tokens", "max_tokens", &asked.max_tokens, "2000"))
                    (text("Metadata", "metadata", &asked.metadata, "key = value"))
                }
            }
            @for tag in more_tags { input type="hidden" name="tag" value=(tag); }
            @for (name, value) in [("error", &asked.error), ("q", &asked.q), ("output", &asked.output), ("sort", &asked.sort)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            div.actions {
                button.primary type="submit" { "Apply" }
                @if asked.narrows() { a.button href=(asked.cleared()) { "Clear" } }
            }
        }
    }
}

/// The fields of the range of time.
#[must_use]
pub fn range_fields(asked: &ListQuery) -> Markup {
    let known = asked.range == CUSTOM || RANGES.iter().any(|(value, _)| asked.range == *value);
    html! {
        label { "Time range" select name="range" {
            @for (value, text) in RANGES {
                option value=(value) selected[asked.range == value] { (text) }
            }
            @if !known { option value=(asked.range) selected { (asked.range_label()) } }
            option value=(CUSTOM) selected[asked.range == CUSTOM] { "Custom" }
        } }
        // The script shows these two in the reader's zone, and sends UTC.
        (custom("From", "from", &asked.from))
        (custom("To", "to", &asked.to))
    }
}

fn text(label: &str, name: &str, value: &str, hint: &str) -> Markup {
    html! {
        label { (label) input type="text" name=(name) value=(value) placeholder=(hint) autocomplete="off" spellcheck="false" autocapitalize="none"; }
    }
}

fn custom(label: &str, name: &str, value: &str) -> Markup {
    html! {
        label.custom { (label) input type="text" name=(name) value=(value) placeholder="2026-03-14T10:00Z" autocomplete="off" data-time; }
    }
}
