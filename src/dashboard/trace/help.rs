//! The keys of the page.

use maud::{Markup, html};

/// What opens when somebody asks what the keyboard does.
#[must_use]
pub fn help() -> Markup {
    const KEYS: [(&str, &str); 16] = [
        ("↑ ↓", "previous, next span"),
        ("→", "expand, or to the first child"),
        ("←", "collapse, or to the parent"),
        ("Home End", "first, last span"),
        ("Enter", "show the span"),
        ("E", "next error"),
        ("\\", "conversation, and back"),
        ("F", "follow the newest step while the trace runs"),
        ("O", "show, hide other spans"),
        ("Z", "zoom to the span"),
        ("0", "zoom out"),
        ("S", "rate the trace"),
        ("Shift S", "rate the span"),
        ("/", "search"),
        ("Esc", "leave the search, close the span"),
        ("?", "this help"),
    ];
    html! {
        dialog #help aria-label="Keyboard shortcuts" {
            h2 { "Keyboard" }
            dl { @for (key, what) in KEYS { div { dt { @for key in key.split(' ') { kbd { (key) } } } dd { (what) } } } }
            form method="dialog" { button.primary { "Close" } }
        }
    }
}
