//! What the sections of the settings share.

use maud::{Markup, html};

use crate::dashboard::ui::format;
use crate::time;

/// A table, which may be wider than the screen where that is small.
pub(super) fn table(label: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// A time as the API has it.
pub(super) fn when(at: Option<&str>) -> Markup {
    if let Some(at) = at.and_then(time::parse) {
        format::time(at)
    } else {
        html! { span.muted { "never" } }
    }
}
