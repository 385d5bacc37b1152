//! How a trace or a span goes or went: a sign and a word besides the colour.

use maud::{Markup, html};

use super::format::counted;
use crate::model::TraceStatus;

/// How a trace goes or went, and how many steps failed in it: of one that failed only if
/// there are several.
#[must_use]
pub fn show_trace_status(status: TraceStatus, failures: i64) -> Markup {
    let least = if status == TraceStatus::Error { 2 } else { 1 };
    html! {
        (show_status(status))
        @if failures >= least { " " span.steps { (counted(failures, "failed step")) } }
    }
}

/// How a trace goes or went.
#[must_use]
pub fn show_status(status: TraceStatus) -> Markup {
    html! {
        span {
            @match status {
                TraceStatus::Ok | TraceStatus::Error => (show_outcome(status == TraceStatus::Error)),
                // A ring that is not closed, and a broken one.
                TraceStatus::Running => (open("running", "M6 1.2a4.8 4.8 0 1 1-4.8 4.8", status)),
                TraceStatus::Unfinished => (open("unfinished", "M6 1.2a4.8 4.8 0 0 1 0 9.6M6 10.8a4.8 4.8 0 0 1 0-9.6", status)),
            }
        }
    }
}

fn open(class: &str, path: &str, status: TraceStatus) -> Markup {
    html! {
        span class={ "status " (class) } {
            svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" {
                path d=(path) fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray=[(class == "unfinished").then_some("2.5 2")] {}
            }
            (status.word())
        }
    }
}

/// How something went: a sign and a word besides the colour.
#[must_use]
pub fn show_outcome(failed: bool) -> Markup {
    html! {
        @if failed {
            span.status.error {
                svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" {
                    path d="M6 0a6 6 0 1 1 0 12A6 6 0 0 1 6 0Zm2.1 3.2L6 5.3 3.9 3.2l-.7.7L5.3 6 3.2 8.1l.7.7L6 6.7l2.1 2.1.7-.7L6.7 6l2.1-2.1Z" fill="currentColor" {}
                }
                "Error"
            }
        } @else {
            span.status.ok {
                svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" {
                    path d="M6 0a6 6 0 1 1 0 12A6 6 0 0 1 6 0Zm2.4 3.6L5.2 7.1 3.7 5.6l-.8.8 2.3 2.3 4-4.3Z" fill="currentColor" {}
                }
                "OK"
            }
        }
    }
}
