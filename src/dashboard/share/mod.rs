//! Links that show one trace: the form that makes one on the trace's page, what it answers,
//! and the list of them in the settings.

use maud::{Markup, html};

use super::ui::format::{self, encode};
use super::ui::layout::{Shell, document};
use crate::error::Reject;
use crate::index::shares::Share;
use crate::model::{Micros, Millis};

/// Days for which a link can be good.
const DAYS: [i64; 3] = [1, 7, 30];

/// The path of a trace's page.
#[must_use]
pub fn trace_path(trace: &str) -> String {
    format!("/traces/{}", encode(trace))
}

/// For how long a link is to be good.
///
/// # Errors
/// 400 for what the form does not offer.
pub fn lasts_ms(days: Option<&str>) -> Result<Millis, Reject> {
    let days = DAYS.iter().find(|offered| days == Some(&*offered.to_string()));
    let days = days.ok_or_else(|| Reject::invalid("days", format!("expected one of {DAYS:?}")))?;
    Ok(days * 24 * 60 * 60 * 1_000)
}

/// The form that makes a link to a trace.
#[must_use]
pub fn form(trace: &str) -> Markup {
    let action = format!("{}/share", trace_path(trace));
    html! {
        details.share {
            summary.button.quiet.small { "Share" }
            form method="post" action=(action) hx-post=(action) hx-swap="outerHTML" {
                label {
                    "A link that shows this trace to whoever has it, without a key, for "
                    select name="days" {
                        @for days in DAYS { option value=(days) selected[days == 7] { (format::counted(days, "day")) } }
                    }
                }
                button.primary type="submit" { "Make a link" }
            }
        }
    }
}

/// A link that was made, this once.
#[must_use]
pub fn link_made(link: &str, ends_us: Micros) -> Markup {
    html! {
        div.made role="status" {
            p { "Good until " (format::time(ends_us)) ". It is shown this once; " a href="/settings#links" { "Settings" } " takes it back." }
            code { (link) } " "
            button.quiet.small type="button" data-copy=(link) { "Copy" }
        }
    }
}

/// The same as a page, for browsers that run no scripts.
#[must_use]
pub fn page(trace: &str, project: &str, link: &str, ends_us: Micros) -> Markup {
    let shell = Shell { title: "Shared", project: Some(project), ..Shell::default() };
    let main = html! {
        section.sign-in {
            h1 { "A link to the trace" }
            (link_made(link, ends_us))
            p { a href=(trace_path(trace)) { "Back to the trace" } }
        }
    };
    document(&shell, &main)
}

/// The links of a project, for somebody who may take away their own or all.
#[must_use]
pub fn list(shares: &[Share], key_id: &str, is_admin: bool) -> Markup {
    let time = |at: Millis| format::time(at.saturating_mul(1_000));
    html! {
        @for share in shares {
            tr {
                td.wide { a href=(trace_path(&share.trace)) { (share.trace) } }
                td { code { (share.key_id) } @if share.key_id == key_id { " " span.badge { "yours" } } }
                td.nowrap { (time(share.created_ms)) }
                td.nowrap { (time(share.ends_ms)) }
                td { @if is_admin || share.key_id == key_id {
                    form method="post" action={ "/settings/shares/" (encode(&share.id)) "/revoke" } {
                        button type="submit" aria-label={ "Take back the link to " (share.trace) } { "Take back" }
                    }
                } }
            }
        }
    }
}
