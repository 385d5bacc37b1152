//! Whatever a client sends, all of it is on the page: every text, number and truth
//! value of a payload, of the shapes that are known and of those that are nearly so.

use maud::html;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::dashboard::span::chat::tests::SHAPES;

/// The page of a payload as it is looked at first, with room for all of it.
fn page(payload: &str) -> String {
    let payload = Payload::of(payload);
    let mut budget = Budget::new(10_000_000);
    let html = payload.view(payload.modes()[0], Look::default(), &mut budget).into_string();
    assert_eq!(budget.cut, None);
    html
}

/// The scalars that are in a value and not on a page. JSON in a text is shown as
/// JSON; a null says nothing.
fn hidden(value: &Value, html: &str, found: &mut Vec<String>) {
    let text = match value {
        Value::Object(fields) => {
            // What is called in pieces is shown when it is joined.
            let (pieces, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, value)| {
                matches!(&***name, "arguments" | "partial_json") && value.is_string()
            });
            for (_, piece) in pieces {
                let words =
                    piece.as_str().unwrap_or_default().split(|c: char| !c.is_alphanumeric());
                found.extend(words.filter(|word| !html.contains(*word)).map(str::to_owned));
            }
            return others.into_iter().for_each(|(_, value)| hidden(value, html, found));
        }
        Value::Array(items) => return items.iter().for_each(|item| hidden(item, html, found)),
        Value::Null => return,
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => return hidden(&inner, html, found),
            _ => text.clone(),
        },
        scalar => scalar.to_string(),
    };
    if !html.contains(&html! { (text.trim()) }.into_string()) {
        found.push(text);
    }
}

#[track_caller]
fn nothing_hidden(value: &Value) {
    let payload = value.to_string();
    let mut found = vec![];
    hidden(value, &page(&payload), &mut found);
    assert_eq!(found, Vec::<String>::new(), "{payload}");
}

fn shapes() -> impl Iterator<Item = Value> {
    SHAPES
        .iter()
        .flat_map(|shapes| shapes.iter())
        .map(|(raw, _)| serde_json::from_str(raw).unwrap())
}

#[test]
fn nothing_of_a_known_shape_is_hidden() {
    for shape in shapes() {
        nothing_hidden(&shape);
        nothing_hidden(&json!([shape]));
        nothing_hidden(&json!({ "outputs": shape, "run": "r-77" }));
        nothing_hidden(&Value::String(shape.to_string()));
    }
}

#[test]
fn nothing_is_hidden_beside_a_message() {
    let html = page(
        &json!({ "choices": [{ "index": 7, "finish_reason": "length", "logprobs": { "content": [-0.25] },
            "message": { "role": "assistant", "content": "So", "images": ["img-1"], "refusal": "No",
                "annotations": [{ "url": "https://a.test" }], "audio": { "id": "aud-1" } } }],
            "usage": { "total_tokens": 4242 } })
        .to_string(),
    );
    for shown in
        ["finish reason <b>length</b>", "-0.25", "img-1", ">No<", "https://a.test", "aud-1", "4242"]
    {
        assert!(html.contains(shown), "{shown} is not in {html}");
    }
    // What matters is beside the message, and the rest is folded below it.
    assert!(html.contains("<span class=\"note warn\">finish reason"), "{html}");
    let html = page(&json!([{ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "t", "is_error": true, "content": "No" }] }]).to_string());
    assert!(html.contains("<span class=\"note bad\">is error"), "{html}");
}

#[test]
fn no_name_is_cut() {
    let long = "n".repeat(5_000);
    let html = page(&json!([{ "role": long, "name": long, "tool_call_id": long, "content": [{ "type": "tool_use", "id": long, "name": long, "input": {} }, { "type": "image", "source": { "media_type": long, "data": long } }] }]).to_string());
    assert!(html.matches(&long).count() >= 7, "{}", html.matches(&long).count());
}

#[test]
fn a_key_that_comes_twice_is_shown_twice() {
    let html =
        page(r#"[{"role":"user","role":"first-role","content":"first-words","content":"Hi"}]"#);
    assert!(html.contains("first-words") && html.contains("first-role") && html.contains("Hi"));
}

/// Names and values that decide what something is.
const WORDS: [&str; 62] = [
    "type",
    "role",
    "content",
    "parts",
    "text",
    "name",
    "id",
    "kind",
    "part_kind",
    "status",
    "message",
    "messages",
    "choices",
    "delta",
    "index",
    "finish_reason",
    "stopReason",
    "is_error",
    "tool_calls",
    "function",
    "function_call",
    "arguments",
    "input",
    "output",
    "result",
    "response",
    "tool_use",
    "tool_result",
    "tool_use_id",
    "thinking",
    "reasoning",
    "refusal",
    "source",
    "data",
    "url",
    "image",
    "image_url",
    "media_type",
    "kwargs",
    "lc",
    "generations",
    "generation_info",
    "candidates",
    "system",
    "summary",
    "model",
    "instructions",
    "error",
    "value",
    "json",
    "user",
    "ai",
    "tool",
    "request",
    "user-prompt",
    "tool-return",
    "functionCall",
    "toolResult",
    "inlineData",
    "response_metadata",
    "incomplete_details",
    "extra",
];

/// A change of a value: where, what, and with what.
type Change = (usize, u8, usize, u8);

/// The objects and arrays in a value, counted; the one with this number is changed.
fn change(value: &mut Value, left: &mut usize, one: Change, n: usize) {
    let (_, how, word, what) = one;
    let word = WORDS[word % WORDS.len()];
    let new = match what % 6 {
        0 => Value::from(format!("new & <{n}>")),
        1 => Value::from(700_000 + n),
        2 => Value::from(word),
        3 => json!({ word: format!("inner-{n}"), "type": WORDS[n * 7 % WORDS.len()] }),
        4 => json!([format!("item-{n}"), { "text": format!("block-{n}"), "type": "text" }]),
        _ => Value::Bool(true),
    };
    let here = *left == 0;
    *left = left.wrapping_sub(1);
    match value {
        Value::Object(fields) if here => change_object(fields, how, word, what, new),
        Value::Array(items) if here && how % 2 == 0 => items.push(new),
        Value::Array(items) if here => drop(items.pop()),
        Value::Object(fields) => {
            fields.values_mut().for_each(|inner| change(inner, left, one, n));
        }
        Value::Array(items) => {
            for inner in items {
                change(inner, left, one, n);
            }
        }
        _ if here => *value = new,
        _ => {}
    }
}

fn change_object(fields: &mut Map<String, Value>, how: u8, word: &str, what: u8, new: Value) {
    let Some(name) = fields.keys().nth(usize::from(what) % fields.len().max(1)).cloned() else {
        fields.insert(word.into(), new);
        return;
    };
    match how % 4 {
        // A field that was not there, or is another now.
        0 => drop(fields.insert(word.into(), new)),
        1 => drop(fields.insert(name, new)),
        // The same under another name.
        2 => {
            if let Some(value) = fields.remove(&name) {
                fields.insert(word.into(), value);
            }
        }
        _ => drop(fields.remove(&name)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn nothing_of_a_nearly_known_shape_is_hidden(
        shape in 0..1_000_usize,
        changes in prop::collection::vec((0..60_usize, any::<u8>(), any::<usize>(), any::<u8>()), 1..12),
    ) {
        let shapes = SHAPES.concat();
        let mut value = serde_json::from_str(shapes[shape % shapes.len()].0).unwrap();
        for (n, one) in changes.into_iter().enumerate() {
            change(&mut value, &mut one.0.clone(), one, n);
        }
        nothing_hidden(&value);
    }
}
