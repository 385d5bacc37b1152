//! The tools of the Model Context Protocol, each over whole requests: what they say of small
//! traces.

use serde_json::{Value, json};

use super::mcp_calls::{all, filled, read, refused, span, trace};
use crate::common::platform::Native;
use crate::common::{PROJECT, body};

#[test]
fn searching_finds_traces_by_what_they_are() {
    let native = filled();
    let found = |arguments: Value| {
        let answer = read(&native, "search_traces", arguments);
        let mut ids: Vec<String> =
            all(&answer["traces"], "id").into_iter().map(Into::into).collect();
        ids.sort();
        ids
    };
    for (arguments, expected) in [
        (json!({}), vec!["bad", "good"]),
        (json!({ "name": "GOO" }), vec!["good"]),
        (json!({ "status": "ERROR" }), vec!["bad"]),
        (json!({ "status": "OK" }), vec!["good"]),
        (json!({ "status": "UNFINISHED" }), vec![]),
        (json!({ "tags": ["a", "bad"] }), vec!["bad"]),
        (json!({ "session_id": "s" }), vec!["bad", "good"]),
        (json!({ "session_id": "other" }), vec![]),
        (json!({ "model": "4o-mini" }), vec!["bad", "good"]),
        (json!({ "since": "1h" }), vec!["bad", "good"]),
        (json!({ "since": "1m" }), vec![]),
        (json!({ "until": "2026-11-22T06:09:59Z" }), vec![]),
        (json!({ "min_cost_usd": 0.4 }), vec!["bad"]),
        (json!({ "min_duration_ms": 3001 }), vec![]),
        (json!({ "name": null }), vec!["bad", "good"]),
    ] {
        assert_eq!(found(arguments.clone()), expected, "{arguments}");
    }
    let answer = read(&native, "search_traces", json!({ "status": "ERROR" }));
    let row = &answer["traces"][0];
    assert_eq!(row["error"], "HTTP 503 for order 4711");
    assert_eq!(
        (&row["spans"], &row["costUsd"], &row["durationMs"]),
        (&json!(4), &json!(0.5), &json!(3000))
    );
    assert_eq!(row["url"], "https://edgespan.test/traces/bad");
    assert_eq!(row["model"], "gpt-4o");
    assert_eq!(answer["url"], "https://edgespan.test/traces?range=all&status=ERROR");
    let none = read(&native, "search_traces", json!({ "since": "1m" }));
    assert!(none["more"].as_str().unwrap().contains("2026-11-22T06:10:00.000Z"));
}

#[test]
fn an_outline_says_what_stands_out_and_lists_the_tree() {
    let native = filled();
    let answer = read(&native, "get_trace", json!({ "trace_id": "bad" }));
    assert_eq!(answer["spanCount"], 4);
    assert_eq!(answer["trace"]["status"], "ERROR");
    assert_eq!(answer["byType"]["LLM"]["spans"], 2);
    assert_eq!(all(&answer["errors"], "id"), ["bad-tool"]);
    assert_eq!(answer["errors"][0]["error"], "HTTP 503 for order 4711");
    assert_eq!(answer["slowest"][0]["id"], "bad-root");
    assert_eq!(all(&answer["costliest"], "id"), ["bad-first"]);
    assert_eq!(
        all(&answer["criticalPath"], "id"),
        ["bad-first", "bad-second", "bad-tool", "bad-root"]
    );
    assert_eq!(all(&answer["spans"], "id"), ["bad-root", "bad-first", "bad-second", "bad-tool"]);
    let tool = &answer["spans"][3];
    assert_eq!(
        (&tool["parent"], &tool["depth"], &tool["startMs"]),
        (&json!("bad-root"), &json!(1), &json!(2500))
    );
    assert_eq!(
        (&tool["status"], &tool["error"]),
        (&json!("ERROR"), &json!("HTTP 503 for order 4711"))
    );
    assert_eq!(answer["scores"][0]["value"], 0.1);
    for (view, expected) in [
        ("all", vec!["bad-root", "bad-first", "bad-second", "bad-tool"]),
        ("errors", vec!["bad-root", "bad-tool"]),
        ("llm", vec!["bad-first", "bad-second"]),
    ] {
        let answer = read(&native, "get_trace", json!({ "trace_id": "bad", "view": view }));
        assert_eq!(all(&answer["spans"], "id"), expected, "{view}");
        assert!(answer.get("byType").is_none());
    }
}

#[test]
fn a_span_has_its_payloads_in_parts() {
    let native = filled();
    let long = format!("{}\u{e9}\u{202e}{}", "a".repeat(9_000), "b\"\n".repeat(9_000));
    let big =
        span("good", "long", Some("good-root"), json!({ "input": { "k": 1 }, "output": long }));
    native.0.world.deliver(PROJECT, &body(&[big]));
    let answer = read(&native, "get_span", json!({ "trace_id": "bad", "span_id": "bad-tool" }));
    assert_eq!(answer["span"]["name"], "tool");
    assert_eq!((&answer["input"], &answer["output"]), (&json!(r#"{"order":4711}"#), &json!("x")));
    assert_eq!(answer["error"], "HTTP 503 for order 4711");
    assert_eq!(answer["url"], "https://edgespan.test/traces/bad?span=bad-tool");
    let answer = read(&native, "get_span", json!({ "trace_id": "bad", "span_id": "bad-root" }));
    assert_eq!(all(&answer["children"], "id"), ["bad-first", "bad-second", "bad-tool"]);
    let (mut whole, mut offset, mut hidden) = (String::new(), 0, 0);
    loop {
        let asked =
            json!({ "trace_id": "good", "span_id": "long", "field": "output", "offset": offset });
        let answer = read(&native, "get_span", asked);
        whole.push_str(answer["output"].as_str().unwrap());
        hidden += answer["hiddenCharacters"].as_u64().unwrap_or(0);
        let Some(next) = answer["truncated"][0]["nextOffset"].as_u64() else { break };
        assert_eq!(answer["truncated"][0]["total"], long.len());
        assert!(next > offset);
        offset = next;
    }
    assert_eq!((whole, hidden), (long, 1));
}

#[test]
fn a_conversation_says_each_message_once() {
    let native = filled();
    let turns = |arguments: Value| {
        let answer = read(&native, "get_conversation", arguments);
        let turns = answer["turns"].as_array().unwrap().clone();
        turns
            .iter()
            .map(|turn| {
                format!("{}: {}", turn["role"].as_str().unwrap(), turn["text"].as_str().unwrap())
            })
            .collect::<Vec<_>>()
    };
    let of_trace = [
        "system: Be brief.",
        "user: Where is it?",
        "assistant: One moment.",
        "user: And now?",
        "assistant: It is good.",
    ];
    assert_eq!(turns(json!({ "trace_id": "good" })), of_trace);
    assert_eq!(turns(json!({ "session_id": "s" })).len(), 10);
    let why = "Say one of session_id and trace_id; search_traces finds both.";
    assert_eq!(refused(&native, "get_conversation", json!({})), why);
    assert_eq!(
        refused(&native, "get_conversation", json!({ "session_id": "s", "trace_id": "t" })),
        why
    );
    assert!(
        refused(&native, "get_conversation", json!({ "session_id": "none" }))
            .starts_with("No session")
    );
}

#[test]
fn comparing_says_what_went_otherwise() {
    let native = filled();
    let answer = read(&native, "compare_traces", json!({ "trace_ids": ["good", "bad"] }));
    assert_eq!(answer["difference"]["errors"], 2);
    assert_eq!(answer["difference"]["costUsd"], 0.25);
    let tool =
        answer["changed"].as_array().unwrap().iter().find(|one| one["name"] == "tool").unwrap();
    assert_eq!(tool["status"], json!(["OK", "ERROR"]));
    let same = read(&native, "compare_traces", json!({ "trace_ids": ["good", "good"] }));
    for list in ["changed", "onlyInA", "onlyInB"] {
        assert_eq!(same[list], json!([]), "{list}");
    }
    let other =
        span("other", "s", None, json!({ "name": "agent", "type": "AGENT", "output": "o" }));
    native.0.world.deliver(PROJECT, &body(&[other]));
    let answer = read(&native, "compare_traces", json!({ "trace_ids": ["good", "other"] }));
    assert_eq!(all(&answer["onlyInA"], "name"), ["first", "second", "tool"]);
    assert!(
        refused(&native, "compare_traces", json!({ "trace_ids": ["good"] })).contains("two ids")
    );
}

#[test]
fn errors_are_grouped_without_what_differs_each_time() {
    let native = filled();
    let mut events = Vec::new();
    for n in 0..3 {
        let failed = json!({ "name": "tool", "status": "ERROR", "error_message": format!("HTTP 503 for order {n}") });
        events.push(span(&format!("more-{n}"), &format!("f{n}"), None, failed));
    }
    events.push(span(
        "alone",
        "f",
        None,
        json!({ "name": "parse", "status": "ERROR", "error_message": "no JSON" }),
    ));
    native.0.world.deliver(PROJECT, &body(&events));
    let answer = read(&native, "list_errors", json!({}));
    let found = answer["errors"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (&found[0]["span"], &found[0]["count"], &found[0]["traces"]),
        (&json!("tool"), &json!(4), &json!(4))
    );
    assert_eq!(found[1]["message"], "no JSON");
    assert_eq!(found[1]["example"]["url"], "https://edgespan.test/traces/alone?span=f");
    assert_eq!(
        all(&read(&native, "list_errors", json!({ "name": "PARS" }))["errors"], "message"),
        ["no JSON"]
    );
    assert_eq!(read(&native, "list_errors", json!({ "since": "1m" }))["errors"], json!([]));
}

#[test]
fn scores_come_with_what_they_come_to() {
    let native = filled();
    let answer = read(&native, "list_scores", json!({}));
    let names = json!([{ "name": "helpful", "count": 2, "mean": 0.5, "min": 0.1, "max": 0.9 }]);
    assert_eq!(answer["names"], names);
    let values = |arguments: Value| {
        let answer = read(&native, "list_scores", arguments);
        answer["scores"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["value"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(values(json!({ "below": 0.5 })), [json!(0.1)]);
    assert_eq!(values(json!({ "above": 0.5, "name": "helpful" })), [json!(0.9)]);
    assert_eq!(values(json!({ "trace_id": "bad" })), [json!(0.1)]);
    assert!(values(json!({ "name": "none" })).is_empty());
    let one = read(&native, "list_scores", json!({ "trace_id": "bad" }));
    assert_eq!(one["scores"][0]["url"], "https://edgespan.test/traces/bad?span=bad-tool");
    assert_eq!(one["names"][0]["mean"], 0.1);
}

#[test]
fn what_scores_come_to_is_not_what_is_on_the_page() {
    let native = filled();
    let scores: Vec<Value> = (0..30)
        .map(|n| json!({ "traceId": "good", "name": "exact", "value": f64::from(n) / 100.0 }))
        .collect();
    let (status, answer) = native.ask("POST", "/api/v1/scores", &json!({ "scores": scores }));
    assert_eq!(status, 201, "{answer}");
    for label in ["calm", "angry"] {
        let score = json!({ "traceId": "good", "name": "tone", "value": label });
        assert_eq!(native.ask("POST", "/api/public/scores", &score).0, 200);
    }
    native.deliver();
    let exact = json!({ "name": "exact", "count": 30, "mean": 0.145, "min": 0, "max": 0.29 });
    let tone = json!({ "name": "tone", "count": 2 });
    for narrowed in
        [json!({}), json!({ "limit": 1 }), json!({ "below": 0.1 }), json!({ "above": 0.9 })]
    {
        for of in [json!({}), json!({ "trace_id": "good" })] {
            let mut asked = narrowed.clone();
            asked.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
            let answer = read(&native, "list_scores", asked.clone());
            let names = answer["names"].as_array().unwrap();
            assert!(names.contains(&exact) && names.contains(&tone), "{asked}: {names:?}");
        }
    }
    let one = json!({ "trace_id": "good", "name": "tone" });
    assert_eq!(read(&native, "list_scores", one)["names"], json!([tone]));
    let before = json!({ "trace_id": "good", "until": "2026-01-01" });
    assert_eq!(read(&native, "list_scores", before)["names"], json!([]));
}

#[test]
fn a_session_that_goes_on_says_what_was_said_before_once() {
    let native = Native::new();
    let said = |role: &str, content: String| json!({ "role": role, "content": content });
    let mut history = vec![said("system", "Be brief.".into())];
    for n in 0..30 {
        // The question is the same each time.
        history.push(said("user", "And now?".into()));
        let answer = said("assistant", format!("It is {n}. {}", "word ".repeat(100)));
        let id = format!("t{n:02}");
        let time = format!("2026-11-22T06:10:{n:02}.000Z");
        let call = json!({ "type": "LLM", "start_time": time, "end_time": time,
            "input": { "messages": history }, "output": answer });
        let events = [
            trace(&id, json!({ "sessionId": "s", "timestamp": time })),
            span(&id, &format!("{id}-call"), None, call),
        ];
        native.0.world.deliver(PROJECT, &body(&events));
        history.push(answer);
    }
    let (mut turns, mut asked) = (Vec::new(), json!({ "session_id": "s" }));
    let mut pages = 0;
    loop {
        let answer = read(&native, "get_conversation", asked.clone());
        let some = answer["turns"].as_array().unwrap();
        turns.extend(some.iter().map(|turn| turn["text"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(cursor) = answer["nextCursor"].as_str() else { break };
        asked["cursor"] = json!(cursor);
    }
    let expected: Vec<_> = history.iter().map(|one| one["content"].as_str().unwrap()).collect();
    assert_eq!(turns, expected);
    assert!(pages > 1, "its pages are what this is about");
}

#[test]
fn links_lead_to_what_was_asked_for() {
    let native = filled();
    let url = |tool: &str, arguments: Value| {
        let answer = read(&native, tool, arguments);
        answer["url"].as_str().unwrap().strip_prefix("https://edgespan.test").unwrap().to_owned()
    };
    // A tag that begins with a minus would be one that is not to be there.
    let tagged = url("search_traces", json!({ "tags": ["-beta", "a&b"] }));
    assert_eq!(tagged, "/traces?range=all&tag=%5C-beta&tag=a%26b");
    let time = json!({ "since": "2026-11-21", "until": "2026-11-22T06:30:00Z" });
    let range = "from=2026-11-21T00%3A00%3A00.000Z&to=2026-11-22T06%3A30%3A00.000Z";
    let with = |more: Value| {
        let mut asked = time.clone();
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    assert_eq!(url("search_traces", with(json!({}))), format!("/traces?{range}"));
    let least = url("search_traces", with(json!({ "min_duration_ms": 5, "min_cost_usd": 0.5 })));
    assert_eq!(least, format!("/traces?{range}&min_duration=5ms&min_cost=0.5"));
    let failed = url("list_errors", with(json!({ "name": "bad" })));
    assert_eq!(failed, format!("/traces?{range}&status=ERROR&name=bad"));
    assert_eq!(url("list_scores", with(json!({ "name": "n" }))), format!("/scores?{range}"));
    for by in ["model", "name", "tag"] {
        let costs = url("summarize_costs", with(json!({ "by": by })));
        assert_eq!(costs, format!("/costs?{range}&by={by}"));
    }
    assert_eq!(url("summarize_costs", with(json!({ "by": "day" }))), format!("/traces?{range}"));
}
