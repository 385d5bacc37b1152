//! No answer of a tool is larger than a client takes, whatever was recorded; and page by page
//! everything is reached.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::mcp_calls::{all, read, span, trace};
use crate::common::platform::Native;
use crate::common::{PROJECT, body};

/// A run of an agent with so many spans: twenty turns, each with calls of tools below it, of
/// which some failed.
fn large(id: &str, count: usize) -> Native {
    let native = Native::new();
    let mut events = vec![trace(id, json!({ "name": "research" }))];
    events.push(span(
        id,
        "root",
        None,
        json!({ "type": "AGENT", "end_time": "2026-11-22T06:15:00Z" }),
    ));
    for n in 1..count {
        let (second, ms) = (n / 100, n % 100 * 10);
        let start = format!("2026-11-22T06:{:02}:{:02}.{ms:03}Z", 10 + second / 60, second % 60);
        let parent =
            if n % 10 == 1 { "root".into() } else { format!("{:08x}-span", n - (n - 1) % 10) };
        let mut more =
            json!({ "name": format!("step-{}", n % 7), "start_time": start, "end_time": start });
        match n % 10 {
            1 => more["type"] = json!("CHAIN"),
            2 => {
                more["type"] = json!("LLM");
                more["model"] = json!("gpt-4o");
                more["cost"] = json!(0.001);
                more["input"] = json!([{ "role": "user", "content": format!("question {n}") }]);
                more["output"] = json!({ "role": "assistant", "content": format!("answer {n}") });
            }
            3 if n % 50 == 3 => {
                more["status"] = json!("ERROR");
                more["error_message"] = json!(format!("timeout after {n} ms"));
            }
            _ => more["type"] = json!("TOOL"),
        }
        events.push(span(id, &format!("{n:08x}-span"), Some(&parent), more));
    }
    for some in events.chunks(1_000) {
        native.0.world.deliver(PROJECT, &body(some));
    }
    native
}

/// All pages of a call: the items of a list, and the bytes of each page.
fn pages(
    native: &Native,
    tool: &str,
    mut arguments: Value,
    list: &str,
) -> (Vec<Value>, Vec<usize>) {
    let (mut items, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let answer = read(native, tool, arguments.clone());
        sizes.push(answer.to_string().len());
        let some = answer[list].as_array().unwrap();
        items.extend(some.iter().cloned());
        let Some(cursor) = answer["nextCursor"].as_str() else { return (items, sizes) };
        assert!(!some.is_empty() || tool == "list_errors", "a page goes on and has nothing");
        arguments["cursor"] = json!(cursor);
        assert!(sizes.len() < 2_000, "it does not end");
    }
}

#[test]
fn every_span_of_a_large_trace_is_reached_and_no_page_is_large() {
    let native = large("big", 5_000);
    let first = read(&native, "get_trace", json!({ "trace_id": "big" }));
    assert!(first.to_string().len() <= 16_600 && first["spans"].as_array().unwrap().len() > 40);
    let (spans, sizes) =
        pages(&native, "get_trace", json!({ "trace_id": "big", "view": "all" }), "spans");
    assert!(sizes.iter().all(|size| *size <= 16_600), "{:?}", sizes.iter().max());
    // A parent stands before its children.
    let mut met = BTreeSet::new();
    for span in &spans {
        assert!(span["parent"].as_str().is_none_or(|parent| met.contains(parent)));
        met.insert(span["id"].as_str().unwrap());
    }
    assert_eq!((spans.len(), met.len()), (5_000, 5_000));
    for (view, count) in [("llm", 500), ("errors", 100)] {
        let asked = json!({ "trace_id": "big", "view": view });
        let (spans, _) = pages(&native, "get_trace", asked, "spans");
        assert_eq!(spans.len(), count, "{view}");
    }
    let (turns, _) = pages(&native, "get_conversation", json!({ "trace_id": "big" }), "turns");
    assert_eq!(turns.len(), 1_000);
    let failed = read(&native, "list_errors", json!({}));
    assert_eq!(failed["partlyRead"], json!(["big"]));
    assert!(failed["more"].as_str().unwrap().contains("get_trace with view errors lists all"));
    for (tool, arguments) in [
        ("search_traces", json!({})),
        ("compare_traces", json!({ "trace_ids": ["big", "big"] })),
        ("summarize_costs", json!({})),
        ("list_errors", json!({})),
    ] {
        let size = read(&native, tool, arguments).to_string().len();
        assert!(size < 3_000, "{tool}: {size}");
    }
}

#[test]
fn a_trace_in_several_parts_is_reached_whole() {
    let native = large("big", 10_300);
    let (spans, _) =
        pages(&native, "get_trace", json!({ "trace_id": "big", "view": "llm" }), "spans");
    let ids: BTreeSet<_> = spans.iter().map(|span| span["id"].as_str().unwrap()).collect();
    assert_eq!((spans.len(), ids.len()), (1_030, 1_030));
    let last = read(&native, "get_span", json!({ "trace_id": "big", "span_id": "0000283b-span" }));
    assert_eq!(last["span"]["id"], "0000283b-span");
    assert_eq!(
        (&last["span"]["parent"], &last["childrenIncomplete"]),
        (&json!("00002833-span"), &json!(true))
    );
    let (turns, _) = pages(&native, "get_conversation", json!({ "trace_id": "big" }), "turns");
    let texts: BTreeSet<_> = turns.iter().map(|turn| turn["text"].as_str().unwrap()).collect();
    assert_eq!((turns.len(), texts.len()), (2_060, 2_060));
    let both = json!({ "trace_ids": ["big", "big"] });
    let compared = read(&native, "compare_traces", both);
    let more = compared["more"].as_str().unwrap();
    assert!(more.contains("Of a the first 10000 spans alone"), "{more}");
    assert!(more.contains("Of b the first 10000 spans alone"), "{more}");
}

/// Texts that are long in JSON, or in any way.
fn hostile() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("controls", "\u{1}".repeat(6_000)),
        ("quotes", "\"\\".repeat(6_000)),
        ("tags", "\u{e0041}".repeat(4_000)),
        ("faces", "\u{1f600}".repeat(4_000)),
        ("words", "word ".repeat(20_000)),
    ])
}

#[test]
fn hostile_texts_make_no_answer_large() {
    for (what, text) in hostile() {
        let native = Native::new();
        // As long as an id may be, of what takes most in JSON.
        let mut id: String = text.chars().take(200).collect();
        while id.len() > 240 {
            id.pop();
        }
        let mut events = Vec::new();
        for n in 0..4 {
            let trace_id = format!("{id}{n:02}");
            events.push(trace(
                &trace_id,
                json!({ "name": text, "sessionId": text, "tags": vec![&text; 4] }),
            ));
            let message = json!([{ "role": text, "content": text, "tool_calls": [{ "function": { "name": text, "arguments": text } }] }]);
            for m in 0..3 {
                let more = json!({ "name": text, "type": "LLM", "model": text, "status": "ERROR", "cost": 1,
                    "error_message": text, "input": message, "output": text, "metadata": { "m": text },
                    "model_parameters": { "p": text } });
                let parent = (m > 0).then(|| format!("{trace_id}0"));
                events.push(span(&trace_id, &format!("{trace_id}{m}"), parent.as_deref(), more));
            }
        }
        for some in events.chunks(1) {
            let outcome = native.0.world.deliver(PROJECT, &body(some));
            assert!(
                matches!(outcome, edgespan::pipeline::consume::Outcome::Ack(_)),
                "{what}: {outcome:?}"
            );
        }
        let one = format!("{id}02");
        let other = format!("{id}03");
        let (traces, _) = pages(&native, "search_traces", json!({}), "traces");
        assert_eq!(traces.len(), 4, "{what}");
        let (spans, _) = pages(&native, "get_trace", json!({ "trace_id": one }), "spans");
        assert_eq!(spans.len(), 3, "{what}");
        let (turns, _) = pages(&native, "get_conversation", json!({ "trace_id": one }), "turns");
        assert!(!turns.is_empty(), "{what}");
        pages(&native, "list_errors", json!({}), "errors");
        pages(&native, "compare_traces", json!({ "trace_ids": [one, other] }), "changed");
        for by in ["model", "name", "tag", "session", "day"] {
            read(&native, "summarize_costs", json!({ "by": by }));
        }
        for field in ["all", "input", "output", "metadata", "error"] {
            let asked = json!({ "trace_id": one, "span_id": format!("{one}0"), "field": field });
            let answer = read(&native, "get_span", asked);
            assert!(!answer["truncated"].as_array().unwrap().is_empty(), "{what} {field}");
            assert!(
                answer.to_string().len() <= 20_480,
                "{what} {field}: {}",
                answer.to_string().len()
            );
        }
    }
}

#[test]
fn an_output_of_megabytes_is_read_in_parts_to_its_end() {
    let native = Native::new();
    let output = "\u{e9}\"".repeat(700_000);
    native.0.world.deliver(PROJECT, &body(&[span("t", "s", None, json!({ "output": output }))]));
    let answer = read(&native, "get_span", json!({ "trace_id": "t", "span_id": "s" }));
    assert_eq!(answer["truncated"][0]["total"], output.len());
    let asked =
        json!({ "trace_id": "t", "span_id": "s", "field": "output", "offset": output.len() - 6 });
    let answer = read(&native, "get_span", asked);
    assert_eq!(answer["output"].as_str().unwrap(), "\u{e9}\"\u{e9}\"");
    assert!(answer.get("truncated").is_none());
    let beyond =
        json!({ "trace_id": "t", "span_id": "s", "field": "output", "offset": 9_000_000_000_u64 });
    assert_eq!(read(&native, "get_span", beyond)["output"], "");
}

#[test]
fn many_traces_are_reached_page_by_page() {
    let native = Native::new();
    let events: Vec<_> =
        (0..130).map(|n| trace(&format!("t{n}"), json!({ "name": "n" }))).collect();
    native.0.world.deliver(PROJECT, &body(&events));
    let failed: Vec<_> = (0..130)
        .map(|n| {
            span(
                &format!("t{n}"),
                "s",
                None,
                json!({ "status": "ERROR", "error_message": format!("e {n}") }),
            )
        })
        .collect();
    native.0.world.deliver(PROJECT, &body(&failed));
    let (traces, _) = pages(&native, "search_traces", json!({ "limit": 50 }), "traces");
    let ids: BTreeSet<_> = traces.iter().map(|trace| trace["id"].as_str().unwrap()).collect();
    assert_eq!((traces.len(), ids.len()), (130, 130));
    let (errors, _) = pages(&native, "list_errors", json!({}), "errors");
    let count: i64 = errors.iter().map(|one| one["count"].as_i64().unwrap()).sum();
    assert_eq!(count, 130);
    assert!(all(&json!(errors), "message").iter().all(|message| message.starts_with("e ")));
}
