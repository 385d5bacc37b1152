//! What a project without a trace shows: how to send the first one.

use maud::{Markup, html};

use crate::access::api_keys::LOCAL_KEY;

/// The same in the README and in what `npm start` says: this is where it is kept,
/// for the local server and its key. The times are when it is sent.
const CURL: &str = include_str!("first_trace.sh");
const PYTHON: &str = include_str!("first_trace.py");
const LOCAL_ORIGIN: &str = "http://localhost:3000";

/// The section, with commands for this very Worker.
#[must_use]
pub fn section(origin: &str, local: bool) -> Markup {
    let key = if local { LOCAL_KEY } else { "YOUR_API_KEY" };
    let here = |text: &str| text.trim_end().replace(LOCAL_KEY, key).replace(LOCAL_ORIGIN, origin);
    html! {
        section.first {
            h1 { "Send the first trace" }
            p.muted {
                span.pulse aria-hidden="true" {}
                "This project has none yet. It will be here within a second of being sent; this page is waiting for it."
            }
            h2 { "With curl" }
            (code("first-curl", &here(CURL)))
            h2 { "With the Python SDK" }
            (code("first-pip", "pip install twosignal"))
            (code("first-python", &here(PYTHON)))
            @if !local {
                p.muted { "Put the project's API key in place of " code { (key) } "." }
            }
        }
    }
}

fn code(id: &str, text: &str) -> Markup {
    html! {
        div.code-block {
            pre id=(id) tabindex="0" { (text) }
            button type="button" data-copy-from=(id) { "Copy" }
        }
    }
}
