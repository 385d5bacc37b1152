//! What a project without a trace shows: how to send the first one.

use maud::{Markup, html};

use crate::auth::LOCAL_KEY;

/// The section, with commands for this very Worker.
#[must_use]
pub fn section(origin: &str, local: bool) -> Markup {
    let key = if local { LOCAL_KEY } else { "YOUR_API_KEY" };
    let curl = format!(
        r#"curl {origin}/api/v1/traces \
  -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \
  -d '{{"batch": [
    {{"type": "trace-create", "body": {{"id": "first-trace", "name": "support-agent", "tags": ["first"]}}}},
    {{"type": "span-create", "body": {{"trace_id": "first-trace", "name": "answer", "type": "AGENT",
      "input": "Where is my order?", "output": "On its way."}}}}]}}'"#
    );
    let python = format!(
        r#"from twosignal import TwoSignal
from twosignal.decorator import observe

client = TwoSignal(api_key="{key}", base_url="{origin}")

@observe
def answer(question):
    return "On its way."

answer("Where is my order?")
client.shutdown()"#
    );
    html! {
        section.first {
            h1 { "Send the first trace" }
            p.muted {
                span.pulse aria-hidden="true" {}
                "This project has none yet. It will be here within a second of being sent; this page is waiting for it."
            }
            h2 { "With curl" }
            (code("first-curl", &curl))
            h2 { "With the Python SDK" }
            (code("first-pip", "pip install twosignal"))
            (code("first-python", &python))
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
