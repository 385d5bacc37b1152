//! The spans that must come out of what an SDK was seen to send, beside those that did.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is expected of a span, and what the API calls it.
const FIELDS: [(&str, &str); 9] = [
    ("name", "name"),
    ("parent", "parentSpanId"),
    ("type", "type"),
    ("model", "model"),
    ("promptTokens", "promptTokens"),
    ("completionTokens", "completionTokens"),
    ("totalTokens", "totalTokens"),
    ("cachedTokens", "cachedTokens"),
    ("status", "status"),
];

/// What is other than expected of a trace's spans, each with where it is. Where nothing is
/// expected of a payload, either will do.
pub fn differences(expected: &[Value], trace: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut check = |what: String, expected: &Value, found: &Value| {
        if expected != found {
            all.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    check("spanCount".into(), &expected.len().into(), &trace["spanCount"]);
    let found: BTreeMap<&str, &Value> = trace["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| (span["id"].as_str().unwrap(), span))
        .collect();
    for span in expected {
        let id = span["id"].as_str().unwrap();
        let Some(found) = found.get(id) else {
            check(format!("span {id}"), span, &Value::Null);
            continue;
        };
        for (field, ours) in FIELDS {
            check(format!("{id} {field}"), &span[field], &found[ours]);
        }
        for (has, field) in [("hasInput", "input"), ("hasOutput", "output")] {
            if !span[has].is_null() {
                check(format!("{id} {has}"), &span[has], &(!found[field].is_null()).into());
            }
        }
        check(format!("{id} payloadError"), &Value::Null, &found["payloadError"]);
    }
    all
}
