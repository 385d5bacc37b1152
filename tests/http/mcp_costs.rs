//! What the tools of the Model Context Protocol say of costs.

use edgespan::pipeline::rollup::roll_up;
use pollster::block_on;
use serde_json::{Value, json};

use super::mcp_calls::{filled, read, span, trace};
use crate::common::platform::Native;
use crate::common::{PROJECT, RECEIVED, body};

#[test]
fn costs_are_added_up_in_groups() {
    let native = filled();
    for (by, groups) in [
        ("model", json!([["gpt-4o", 2, 0.75], ["gpt-4o-mini", 2, null]])),
        ("name", json!([["bad", 1, 0.5], ["good", 1, 0.25]])),
        ("tag", json!([["a", 2, 0.75], ["bad", 1, 0.5], ["good", 1, 0.25]])),
        ("session", json!([["s", 2, 0.75]])),
        ("day", json!([["2026-11-22", 2, 0.75]])),
    ] {
        let answer = read(&native, "summarize_costs", json!({ "by": by }));
        assert_eq!(
            (&answer["total"]["traces"], &answer["total"]["costUsd"]),
            (&json!(2), &json!(0.75)),
            "{by}"
        );
        let found = answer["groups"].as_array().unwrap().iter();
        let counted = if by == "model" { "calls" } else { "traces" };
        let found: Vec<_> =
            found.map(|one| json!([one["key"], one[counted], one["costUsd"]])).collect();
        assert_eq!(json!(found), groups, "{by}");
    }
    let answer = read(&native, "summarize_costs", json!({ "limit": 1 }));
    let first = &answer["groups"][0];
    assert_eq!(
        (&first["calls"], &first["promptTokens"], &first["completionTokens"]),
        (&json!(2), &json!(20), &json!(10))
    );
    assert_eq!((&first["share"], &answer["others"]["groups"]), (&json!(1), &json!(1)));
}

#[test]
fn of_more_groups_than_are_read_it_is_said_that_there_are_more() {
    let native = Native::new();
    let mut events = Vec::new();
    for n in 0..100 {
        let more = json!({ "name": format!("name {n}"), "sessionId": format!("session {n}") });
        events.push(trace(&format!("t{n}"), more));
        let cost = json!({ "type": "LLM", "model": format!("model {n}"), "cost": f64::from(n) });
        events.push(span(&format!("t{n}"), "s", None, cost));
    }
    native.0.world.deliver(PROJECT, &body(&events));
    let answer = read(&native, "summarize_costs", json!({ "by": "session" }));
    assert_eq!(answer["groups"].as_array().unwrap().len(), 20);
    assert_eq!(answer.get("others"), None, "only one of them was read");
    let more = answer["more"].as_str().unwrap();
    assert!(more.starts_with("There are more groups"), "{more}");
    let others = json!({ "groups": 80, "costUsd": (0..80).sum::<i32>() });
    for by in ["model", "name"] {
        let answer = read(&native, "summarize_costs", json!({ "by": by }));
        assert_eq!((&answer["others"], answer.get("more")), (&others, None), "{by}");
    }
}

#[test]
fn costs_are_those_of_all_traces_of_the_hours_asked_for() {
    let native = Native::new();
    let deliver = |ids: std::ops::Range<usize>, hour: usize, model: &str| {
        let events: Vec<_> = ids
            .flat_map(|n| {
                let time = format!("2026-11-22T0{hour}:10:00.000Z");
                let call = json!({ "type": "LLM", "model": model, "cost": 0.01, "start_time": time,
                    "end_time": time, "usage": { "prompt_tokens": 3, "completion_tokens": 1 } });
                let of = format!("t{n}");
                [trace(&of, json!({ "name": "n", "timestamp": time })), span(&of, "s", None, call)]
            })
            .collect();
        native.0.world.deliver(PROJECT, &body(&events));
    };
    // More than the index walks along for one answer, and than it unpacks.
    for from in (0..5_200).step_by(400) {
        deliver(from..from + 400, 5, "large");
    }
    deliver(6_000..6_010, 4, "small");
    while block_on(roll_up(RECEIVED + 600_000, &native.0.world.db)).unwrap().rows > 0 {}
    deliver(7_000..7_010, 6, "late");
    let by_model = |arguments: Value| {
        let answer = read(&native, "summarize_costs", arguments);
        let groups = answer["groups"].as_array().unwrap().iter();
        let groups: Vec<_> = groups.map(|one| json!([one["key"], one["calls"]])).collect();
        (json!(groups), answer)
    };
    let (groups, answer) = by_model(json!({}));
    assert_eq!(groups, json!([["large", 5_200], ["late", 10], ["small", 10]]));
    assert_eq!(answer["total"], json!({ "traces": 5_220, "tokens": 20_880, "costUsd": 52.2 }));
    assert_eq!(answer.get("more"), None);
    // The hour in which a time begins counts as a whole, and the answer says so.
    let (groups, answer) =
        by_model(json!({ "since": "2026-11-22T05:59:00Z", "until": "2026-11-22T06:01:00Z" }));
    assert_eq!(groups, json!([["large", 5_200], ["late", 10]]));
    assert_eq!(answer["from"], "2026-11-22T05:00:00.000Z");
    let (groups, _) = by_model(json!({ "until": "2026-11-22T04:30:00Z" }));
    assert_eq!(groups, json!([["small", 10]]));
    let days = read(&native, "summarize_costs", json!({ "by": "day", "since": "2020-01-01" }));
    assert_eq!(days["groups"][0]["traces"], 5_220);
    assert!(days["more"].as_str().unwrap().contains("the last 100 days"));
}
