//! The list and its charts as pages, over the whole way of an event: what they say
//! of traces that run or never ended, and that no number on them contradicts another.

use crate::common::pages::{at, page_at, span, text, trace};
use crate::common::{PROJECT, RECEIVED, World, body};
use serde_json::json;

const HOUR: i64 = 3_600_000;

/// A trace whose agent has begun and whose model call has ended.
fn begun() -> World {
    let world = World::new();
    world.deliver(
        PROJECT,
        &body(&[
            trace(&json!({ "id": "t", "name": "stuck", "startTime": at(0) })),
            span(json!({ "id": "a", "name": "agent", "type": "AGENT", "startTime": at(0) })),
            span(json!({ "id": "b", "name": "ask", "type": "LLM", "parentSpanId": "a",
                "startTime": at(0), "endTime": at(30), "status": "ERROR" })),
        ]),
    );
    world
}

#[test]
fn a_trace_that_runs_is_never_shown_as_finished() {
    let world = begun();
    let page = page_at(&world, "/traces", RECEIVED);
    let said = text(&page);
    assert!(said.contains(" Running ") && !said.contains("30.0 s"), "{said}");
    // For the script: since when, and what time it is.
    assert!(page.contains("data-since=\"1795327800000\""), "{page}");
    assert!(page.contains(&format!("data-made=\"{RECEIVED}\"")), "{page}");
    let later = page_at(&world, "/traces", RECEIVED + 2 * HOUR);
    let said = text(&later);
    assert!(said.contains(" Unfinished ") && !said.contains("30.0 s"), "{said}");
    assert!(later.contains("title=\"It never ended\">–<") && !later.contains("data-since"));
}

#[test]
fn a_list_does_not_change_only_because_time_passes() {
    let world = begun();
    let etag = |now| {
        let answer = crate::common::pages::get_at(&world, PROJECT, "/traces", true, now).unwrap();
        answer.headers.into_iter().find(|(name, _)| *name == "etag").unwrap().1
    };
    let first = etag(RECEIVED);
    assert_eq!(etag(RECEIVED + 60_000), first);
    assert_ne!(etag(RECEIVED + 2 * HOUR), first, "it is unfinished by then");
}

#[test]
fn what_runs_has_taken_all_the_time_up_to_now() {
    let world = begun();
    let found = |query: &str, now| {
        page_at(&world, &format!("/traces?{query}"), now).contains("data-trace-id=\"t\"")
    };
    assert!(found("status=running", RECEIVED) && !found("status=error", RECEIVED));
    assert!(found("min_duration=5m", RECEIVED));
    assert!(!found("min_duration=15m", RECEIVED) && found("min_duration=15m", RECEIVED + HOUR / 4));
    // Of what never ended only so much is known.
    let later = RECEIVED + 2 * HOUR;
    assert!(found("status=unfinished&min_duration=30s", later));
    assert!(!found("min_duration=31s", later));
}
