//! Traces that run, that went silent, and whose times or names are odd: what their
//! pages say of them, and when they are told to look again.

use crate::common::pages::{at, html, page_at, part, span, text, trace};
use crate::common::{PROJECT, RECEIVED, World, body};
use serde_json::{Value, json};

/// The page of a trace whose agent and tool have begun 750 seconds before the
/// batch is received, as if it were seen so many hours later.
fn begun(world: &World, hours: i64, url: &str) -> String {
    world.deliver(
        PROJECT,
        &body(&[
            trace(&json!({ "id": "t", "name": "run", "startTime": "2026-11-22T06:07:00.123Z" })),
            span(json!({ "id": "a", "name": "agent", "type": "AGENT", "startTime": "2026-11-22T06:07:00.123Z" })),
            span(json!({ "id": "b", "name": "ask", "parentSpanId": "a", "startTime": "2026-11-22T06:07:00.123Z",
                "endTime": "2026-11-22T06:07:30.123Z" })),
            span(json!({ "id": "c", "name": "look", "parentSpanId": "a", "startTime": "2026-11-22T06:08:00.123Z" })),
        ]),
    );
    page_at(world, url, RECEIVED + hours * 3_600_000)
}

#[test]
fn a_trace_that_runs_says_so_and_reaches_to_now() {
    let page = begun(&World::new(), 0, "/traces/t");
    let said = text(&page);
    assert!(said.contains("Running") && !said.contains("never ended"), "{said}");
    // 750 seconds in all, of which the tool has run 690.
    assert_eq!(page.matches("data-elapsed=\"750000000\">12 m 30 s<").count(), 2, "{page}");
    assert_eq!(page.matches("data-elapsed=\"690000000\">11 m 30 s<").count(), 1, "{page}");
    assert_eq!(page.matches("<span>running</span>").count(), 2, "{page}");
    assert!(page.contains("data-length=\"750000000\" data-now=\"750000000\""), "{page}");
    assert!(page.contains("<line class=\"now\" x1=\"100%\""), "{page}");
    assert!(page.contains("<rect class=l x=8% width=92% />"), "the tool's bar reaches to now");
    assert!(page.contains(" data-live data-running"), "{page}");
}

#[test]
fn a_trace_that_went_silent_says_that_it_never_ended() {
    let page = begun(&World::new(), 24, "/traces/t?span=c");
    let said = text(&page);
    assert!(said.contains("Unfinished") && said.contains("Duration never ended"), "{said}");
    assert!(said.contains("Last heard of 2026-11-22 06:08:00"), "{said}");
    // The header, two rows, and the span's detail.
    assert_eq!(said.matches("never ended").count(), 4, "{said}");
    for none in ["data-elapsed", "data-now", "data-live", "class=\"now\"", "<span>running"] {
        assert!(!page.contains(none), "{none} in {page}");
    }
}

#[test]
fn a_span_that_ends_before_it_starts_says_so() {
    let world = World::new();
    let reversed = json!({ "id": "a", "name": "n", "startTime": at(9), "endTime": at(4) });
    world.deliver(PROJECT, &body(&[span(reversed)]));
    let said = text(&html(&world, "/traces/t?span=a"));
    assert_eq!(said.matches("−5.00 s").count(), 2, "in the tree and in the detail: {said}");
    assert!(said.contains("ends before it starts") && !said.contains("0 µs"), "{said}");
}

#[test]
fn a_change_of_the_chosen_span_is_told_though_its_trace_looks_the_same() {
    let world = World::new();
    let event = |output: Value| {
        span(
            json!({ "id": "a", "name": "n", "startTime": at(0), "endTime": at(1), "output": output }),
        )
    };
    world.deliver(PROJECT, &body(&[event(json!("one")), span(json!({ "id": "b", "name": "n" }))]));
    let poll = |id: &str| {
        let answer = part(&world, &format!("/traces/t?span={id}"));
        answer.split_once(' ').map(|(_, version)| version.to_owned()).unwrap()
    };
    let (a, b) = (poll("a"), poll("b"));
    assert!(html(&world, "/traces/t?span=a").contains(&format!("data-version=\"{a}\"")));
    assert!(part(&world, "/traces/t/spans/b").contains(&format!("data-version=\"{b}\"")));
    let later = event(json!("two")).replacen('{', "{\"timestamp\":\"2026-11-23T00:00:00Z\",", 1);
    world.deliver(PROJECT, &body(&[later]));
    assert_ne!(poll("a"), a);
    assert_eq!(poll("b"), b);
    assert!(!part(&world, "/traces/t?span=none").contains(' '));
}

#[test]
fn what_is_long_is_folded_and_all_of_it_is_there() {
    let world = World::new();
    let (name, session) = ("n".repeat(250), "s".repeat(200));
    let tags: Vec<String> = (0..50).map(|n| format!("tag-{n}")).collect();
    world.deliver(
        PROJECT,
        &body(&[
            trace(&json!({ "id": "t", "name": name, "sessionId": session, "tags": tags })),
            span(json!({ "id": "a", "name": "x".repeat(10_000) })),
        ]),
    );
    let page = html(&world, "/traces/t?span=a");
    assert!(page.contains(&format!("<details class=\"long\"><summary><h1>{name}</h1></summary>")));
    assert!(page.contains("42 more tags") && page.contains(">tag-49</a>"));
    assert!(page.contains(&format!("title=\"{session}\"")));
    let detail = "<details class=\"long\"><summary><h2 class=\"k2\">";
    assert!(page.contains(&format!("{detail}{}</h2>", "x".repeat(10_000))));
    let session = html(&world, &format!("/sessions/{session}"));
    assert!(session.contains("<details class=\"long\"><summary><h1>"));
}

#[test]
fn pages_are_told_apart_by_their_titles() {
    let world = World::new();
    let id = "0192f0c1-2345-7abc-8def-0123456789ab";
    let body = body(&[
        trace(&json!({ "id": id, "name": "support", "sessionId": "chat 1" })),
        span(json!({ "id": "a", "name": "ask" })).replace("\"t\"", &format!("\"{id}\"")),
    ]);
    world.deliver(PROJECT, &body);
    for (url, title) in [
        (format!("/traces/{id}"), "support · 456789ab · Edgespan"),
        (format!("/traces/{id}?span=a"), "ask · support · 456789ab · Edgespan"),
        ("/sessions/chat%201".into(), "Session chat 1 · Edgespan"),
    ] {
        let page = html(&world, &url);
        assert!(page.contains(&format!("<title>{title}</title>")), "{url}: {page}");
    }
    let page = html(&world, &format!("/traces/{id}"));
    let curl = "curl -H &quot;Authorization: Bearer $TWOSIGNAL_API_KEY&quot; 'https://edgespan.test/api/v1/traces/";
    assert!(page.contains(&format!("data-copy=\"{curl}{id}'\"")), "{page}");
    assert!(page.contains("data-copy-link"), "{page}");
}
