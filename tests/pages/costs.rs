//! What was used by model, name, user and tag, beside the time before.

use crate::common::pages::{get, html, page_at, text};
use crate::common::{PROJECT, RECEIVED, World, body};
use edgespan::pipeline::rollup::roll_up;
use pollster::block_on;
use serde_json::{Value, json};

fn call(trace: &str, at: &str, model: &str, more: &Value) -> Vec<String> {
    let mut span = json!({ "traceId": trace, "id": trace, "name": "chat", "type": "LLM",
        "startTime": at, "endTime": at.replace(".000Z", ".100Z"), "model": model });
    span.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let of = json!({ "id": trace, "name": format!("job {trace}"), "tags": [trace, "all"] });
    [("trace-create", of), ("span-create", span)]
        .map(|(kind, body)| json!({ "type": kind, "body": body }).to_string())
        .into()
}

/// Two calls of one model in this hour, of which one failed, and one the day before.
fn filled() -> World {
    let world = World::new();
    let usage = |n: u64| json!({ "promptTokens": n, "completionTokens": 1_000 });
    let events = [
        call(
            "a",
            "2026-11-22T06:05:00.000Z",
            "m<1>",
            &json!({ "cost": 0.5, "usage": usage(2_000) }),
        ),
        call(
            "b",
            "2026-11-22T06:06:00.000Z",
            "m<1>",
            &json!({ "cost": 0.25, "status": "ERROR", "usage": usage(1_000) }),
        ),
        call("c", "2026-11-21T06:06:00.000Z", "m<1>", &json!({ "cost": 0.5 })),
        // Its price is known.
        call("d", "2026-11-22T06:07:00.000Z", "gpt-4o", &json!({ "usage": usage(1_000_000) })),
    ];
    assert!(matches!(
        world.deliver(PROJECT, &body(&events.concat())),
        edgespan::pipeline::consume::Outcome::Ack(_)
    ));
    world
}

#[test]
fn costs_are_the_same_before_they_are_added_up_by_hour_and_after() {
    let world = filled();
    let by = |by: &str| text(&html(&world, &format!("/costs?range=24h&by={by}")));
    let before = ["model", "name", "user", "tag"].map(by);
    let [models, names, users, tags] = &before;
    let row = "m&lt;1&gt; 2 calls 3,000 in 2,000 out 0 cached $0.75 $0.50 before +50 % change \
        $0.375 each";
    assert!(models.contains(row), "{models}");
    assert!(models.contains("p95 50 % errors"), "{models}");
    // What was computed counts as what was sent: 2.50 and 0.01 dollars.
    assert!(models.contains("gpt-4o 1 calls 1,000,000 in 1,000 out 0 cached $2.51 $0"), "{models}");
    assert!(models.contains("All 3 calls"), "{models}");
    assert!(names.contains("job b 1 traces 2,000 tokens $0.25 $0 before new change"), "{names}");
    assert!(names.contains("job c 0 traces 0 tokens $0 $0.50 before −100 % change"), "{names}");
    assert!(users.contains("none said 3 traces"), "{users}");
    assert!(tags.contains("all 3 traces") && tags.contains("A trace counts with each"), "{tags}");
    while block_on(roll_up(RECEIVED + 600_000, &world.db)).unwrap().rows > 0 {}
    assert_eq!(world.db.texts("select cast(key as text) from delivery"), [""; 0]);
    assert_eq!(["model", "name", "user", "tag"].map(by), before);
    // Days in the middle, hours at both ends.
    let week = text(&html(&world, "/costs?range=7d"));
    assert!(week.contains("m&lt;1&gt; 3 calls") && week.contains("$1.25 $0 before new"), "{week}");
    let later = text(&page_at(&world, "/costs?range=7d", RECEIVED + 7 * 86_400_000));
    assert!(
        later.contains("m&lt;1&gt; 0 calls") && later.contains("$1.25 before −100 %"),
        "{later}"
    );
}

#[test]
fn a_range_counts_the_hours_that_are_in_it() {
    let world = filled();
    for (range, calls) in [
        ("from=2026-11-21T06:00Z&to=2026-11-22T06:00Z", 1),
        ("from=2026-11-21T06:00Z&to=2026-11-22T06:00:00.002Z", 3),
        ("from=2026-11-21T06:30Z&to=2026-11-22T06:00Z", 1),
        ("from=2026-11-21&to=2026-11-21", 1),
        ("from=2026-11-21T06:00Z", 3),
        ("from=2026-11-21T06:00:00.001Z", 2),
        ("from=2026-11-22T06:00Z", 2),
        ("to=2026-11-21T07:00Z", 1),
    ] {
        let page = text(&html(&world, &format!("/costs?{range}")));
        assert!(page.contains(&format!("m&lt;1&gt; {calls} calls")), "{range}: {page}");
    }
    let page = text(&html(&world, "/costs?from=2026-11-21T06:00Z"));
    assert!(page.contains("From 2026-11-21 06:00:00 , beside"), "{page}");
}

#[test]
fn rows_lead_to_their_traces_and_what_cannot_be_read_is_said() {
    let world = filled();
    let page = html(&world, "/costs?range=7d");
    assert!(page.contains("href=\"/traces?range=7d&amp;model=m%3C1%3E\""), "{page}");
    assert!(html(&world, "/costs?by=tag").contains("href=\"/traces?tag=all\""));
    assert!(html(&world, "/costs?to=2026-11-01").contains("Nothing was used here"));
    assert!(html(&world, "/costs?range=all&by=user").contains("none said"));
    let unreadable = get(&world, PROJECT, "/costs?range=2y", false).unwrap();
    assert!(text(unreadable.text()).contains("this takes a number with m, h, d or w"));
    assert!(text(get(&world, "p2", "/costs", false).unwrap().text()).contains("Nothing was used"));
}
