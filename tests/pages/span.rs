//! A span's detail over the ports: all that was sent of it is there, or it says how
//! much is.

use crate::common::pages::{part, span, text};
use crate::common::{PROJECT, World, body};
use serde_json::{Value, json};

fn detail(fields: &Value, query: &str) -> String {
    let mut sent = json!({ "id": "s", "name": "ask", "type": "LLM" });
    for (name, value) in fields.as_object().unwrap() {
        sent[name] = value.clone();
    }
    let world = World::new();
    world.deliver(PROJECT, &body(&[span(sent)]));
    part(&world, &format!("/traces/t/spans/s?{query}"))
}

fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::String(text) => found.push(text.clone()),
        Value::Null => {}
        scalar => found.push(scalar.to_string()),
    }
}

#[test]
fn every_value_that_was_sent_is_in_the_detail() {
    let sent = json!({
        "input": { "model": "gpt-9", "temperature": 0.125, "stream": false, "messages": [
            { "role": "user", "content": [{ "type": "text", "text": "What <b>is</b> this?", "cache_control": { "ttl": "5m" } }], "name": "u-1" },
            { "role": "tool", "tool_call_id": "call-1", "content": "{\"is_error\": true}", "is_error": true },
            { "role": "assistant", "content": "Let me look.", "images": ["img-1"], "annotations": [{ "start": 31 }] },
            { "event": "handoff", "to": ["agent-2"] },
        ] },
        "output": { "id": "resp-1", "choices": [{ "index": 17, "finish_reason": "length", "logprobs": { "content": [-0.25] },
            "message": { "role": "assistant", "content": "A cat", "refusal": "but no more" } }],
            "usage": { "total_tokens": 4321 } },
        "modelParameters": { "seed": 99, "stop": ["END"] },
        "metadata": { "deep": { "er": { "est": "bottom" } }, "ok": true },
        "errorMessage": "cut <off>",
    });
    let html = detail(&sent, "");
    let mut expected = vec![];
    leaves(&sent, &mut expected);
    expected.retain(|leaf| !leaf.starts_with('{'));
    assert!(expected.len() > 25);
    for leaf in expected {
        let escaped = leaf.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(html.contains(&escaped), "{leaf} is not in {html}");
    }
    assert!(!html.contains("data-seen"), "all of it is there");
}

#[test]
fn a_payload_says_how_much_of_it_is_on_the_page() {
    let many = json!({ "output": vec![1; 3_100] });
    let html = detail(&many, "");
    assert!(html.contains(r#"data-seen="the first 3,000 values""#), "{html}");
    assert!(html.contains("This is not all of it, but the first 3,000 values."), "{html}");
    let long = json!({ "output": "long ".repeat(200_000) });
    assert!(detail(&long, "").contains(r#"data-seen="none""#));
    assert!(detail(&long, "part=output").contains(r#"data-seen="the first 524.3 KB""#));
    // So does a conversation that ends too early, also where the cut is between two messages.
    let turn = json!({ "role": "user", "content": "0123456789".repeat(100) });
    let chat = json!({ "input": vec![turn; 700] });
    let html = detail(&chat, "part=input");
    assert!(html.contains("more messages") && html.contains("data-seen"), "{}", html.len());
}

#[test]
fn a_text_is_copied_as_text_and_anything_else_as_json() {
    let html = detail(
        &json!({ "input": { "a": 1 }, "output": "two\nlines", "errorMessage": "\"quoted\"" }),
        "",
    );
    let button = |part: &str| {
        let at = html.find(&format!("raw?part={part}\"")).unwrap();
        html[at..].split_once('>').unwrap().0.to_owned()
    };
    assert!(button("output").contains("data-copy-text"), "{html}");
    for part in ["input", "error"] {
        assert!(!button(part).contains("data-copy-text"), "{html}");
    }
}

#[test]
fn a_span_without_an_end_runs_or_never_ended() {
    let shown = |start: &str| text(&detail(&json!({ "startTime": start }), ""));
    // Half a minute before it was received, and a month.
    let new = shown("2026-11-22T06:19:00Z");
    assert!(new.contains("running since 2026-11-22 06:19:00"), "{new}");
    let old = shown("2026-10-22T06:19:00Z");
    assert!(old.contains("never ended") && !old.contains("running"), "{old}");
    assert!(!old.contains("no end"), "{old}");
}

#[test]
fn a_cost_is_shown_to_its_last_digit() {
    let html = detail(&json!({ "cost": 0.000_000_123 }), "");
    assert!(html.contains("<dd>$0.000000123</dd>"), "{html}");
    assert!(detail(&json!({ "cost": 1_234.567_891_234 }), "").contains("$1234.567891234"));
}
