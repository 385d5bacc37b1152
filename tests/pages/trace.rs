//! The pages of traces, spans and sessions, over the ports: what they show, what
//! they read for it, and that nothing a client sends is markup on them.

use crate::common::client::header;
use crate::common::pages::{at, get, html, part, span, text, trace};
use crate::common::{PROJECT, World, body};
use edgespan::dashboard;
use edgespan::error::{Error, Reject};
use serde_json::{Value, json};

#[test]
fn a_trace_is_shown_from_the_index_alone() {
    let world = World::new();
    world.deliver(
        PROJECT,
        &body(&[
            trace(&json!({ "id": "t", "name": "run", "sessionId": "s 1", "tags": ["a&b"] })),
            span(json!({ "id": "a", "name": "agent", "type": "AGENT", "startTime": at(0), "endTime": at(10) })),
            span(json!({ "id": "b", "parentSpanId": "a", "name": "ask", "type": "LLM", "model": "m-1",
                "usage": { "totalTokens": 1500 }, "cost": 0.25, "startTime": at(1), "endTime": at(4) })),
            span(json!({ "id": "c", "parentSpanId": "a", "name": "look", "status": "ERROR",
                "startTime": at(3), "endTime": at(9) })),
            span(json!({ "id": "d", "parentSpanId": "gone", "name": "stray", "startTime": at(5) })),
        ]),
    );
    world.store.reads.set(0);
    let page = html(&world, "/traces/t");
    assert_eq!(world.store.reads.get(), 0);
    assert_eq!(page.matches("data-span-id").count(), 4);
    for shown in [
        "parent not received",
        "aria-level=\"2\"",
        "m-1",
        "Σ 1.5k",
        "$0.25",
        ">running<",
        "/sessions/s%201?at=",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(page.contains("hx-get=\"/traces/t/spans/a\""), "the root's detail comes later");
    assert!(!page.contains("style="), "the policy lets no style attribute act");
}

#[test]
fn what_went_into_a_trace_itself_is_fetched_when_somebody_looks() {
    let world = World::new();
    let event = |id: &str, body: Value| json!({ "id": id, "type": "trace-create", "timestamp": "2026-11-24T10:00:00Z", "body": body });
    let root = json!({ "id": "t", "name": "run", "input": { "messages": [{ "role": "user", "content": "Where <b>is</b> it?" }] } });
    let end = json!({ "id": "t", "output": "On its way." });
    let batch = json!({ "batch": [event("a", root), event("b", end)] });
    world.deliver_as("langfuse.json", PROJECT, &batch.to_string());
    world.store.reads.set(0);
    let alone = html(&world, "/traces/t");
    assert_eq!(world.store.reads.get(), 0);
    for shown in
        ["<details class=\"metadata own\" open", "hx-get=\"/traces/t/content\" hx-trigger=\"load\""]
    {
        assert!(alone.contains(shown), "{shown} in {alone}");
    }
    let content = part(&world, "/traces/t/content");
    assert!(content.contains("Where &lt;b&gt;is&lt;/b&gt; it?"), "{content}");
    assert!(
        content.contains("On its way.") && content.contains("/traces/t/content/raw?part=output")
    );
    let output = part(&world, "/traces/t/content?part=output&view=json");
    assert!(output.contains("On its way.") && !output.contains("Where"), "{output}");
    assert!(html(&world, "/traces/t/content").contains("<title>run"));
    let raw = get(&world, PROJECT, "/traces/t/content/raw?part=output", false).unwrap();
    assert_eq!(raw.text(), "\"On its way.\"");
    for none in
        ["/traces/t/content/raw?part=metadata", "/traces/t/content/raw", "/traces/x/content"]
    {
        assert!(
            matches!(get(&world, PROJECT, none, false), Err(Error::Reject(Reject::NotFound(_)))),
            "{none}"
        );
    }

    // Beside spans it is folded, and where there is none its place is not there.
    let span = json!({ "id": "e", "type": "span-create", "timestamp": "2026-11-24T10:00:00Z",
        "body": { "id": "s", "traceId": "t", "name": "step", "startTime": "2026-11-24T10:00:00Z" } });
    world.deliver_as("langfuse.json", PROJECT, &json!({ "batch": [span] }).to_string());
    let folded = html(&world, "/traces/t");
    assert!(folded.contains("<details class=\"metadata own\"><summary>"), "{folded}");
    world.deliver(PROJECT, &body(&[trace(&json!({ "id": "u", "name": "native" }))]));
    assert!(!html(&world, "/traces/u").contains("metadata own"));
}

#[test]
fn a_span_is_read_alone_and_linked_to() {
    let world = World::new();
    let filler = "x".repeat(600_000);
    world.deliver(
        PROJECT,
        &body(&[
            span(json!({ "id": "a", "name": "other", "input": filler })),
            span(json!({ "id": "b/1", "name": "mine", "type": "LLM",
                "input": { "messages": [{ "role": "user", "content": "Where is it?" }] },
                "output": { "n": 1 }, "metadata": { "k": "v" }, "errorMessage": "oh no", "status": "ERROR" })),
        ]),
    );
    world.store.reads.set(0);
    let detail = text(&part(&world, "/traces/t/spans/b%2F1"));
    assert_eq!(world.store.reads.get(), 1);
    for shown in [
        "mine",
        "LLM",
        "oh no",
        "user Where is it?",
        "n 1",
        "k \"v\"".replace('"', "&quot;").as_str(),
    ] {
        assert!(detail.contains(shown), "{shown} in {detail}");
    }
    let there = get(&world, PROJECT, "/traces/t/spans/b%2F1", false).unwrap();
    assert_eq!((there.status, header(&there, "location")), (303, Some("/traces/t?span=b%2F1")));
    let page = html(&world, "/traces/t?span=b%2F1");
    assert!(page.contains("Where is it?") && page.contains("aria-selected=\"true\""));
    assert!(html(&world, "/traces/t?span=none").contains("has no span"));
}

#[test]
fn large_payloads_come_when_asked_for_and_raw_as_they_were_sent() {
    let world = World::new();
    let rows: Vec<_> = (0..9_000).map(|n| json!({ "row": n })).collect();
    let sent = r#"{ "big": 123456789012345678901234567890.10, "u": "\u00e9" }"#;
    let event = span(json!({ "id": "a", "name": "n", "input": rows, "output": "OUT" }));
    world.deliver(PROJECT, &body(&[event.replace("\"OUT\"", sent)]));
    let detail = part(&world, "/traces/t/spans/a");
    assert!(detail.len() < 20_000 && detail.contains("Show input"), "{}", detail.len());
    assert!(detail.contains(">123456789012345678901234567890.10<"), "{detail}");
    let asked = part(&world, "/traces/t/spans/a?part=input");
    assert!(asked.contains("row") && asked.contains("This is not all of it"), "{}", asked.len());
    assert!(asked.len() < 1_000_000, "{}", asked.len());
    let raw = get(&world, PROJECT, "/traces/t/spans/a/raw?part=output", false).unwrap();
    assert_eq!(raw.text(), sent);
    assert_eq!(header(&raw, "content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(header(&raw, "content-security-policy"), Some("default-src 'none'; sandbox"));
}

#[test]
fn nothing_of_another_project_is_shown() {
    let world = World::new();
    world.deliver(PROJECT, &body(&[span(json!({ "id": "a", "name": "n", "input": "secret" }))]));
    for url in
        ["/traces/t", "/traces/t/spans/a?part=input", "/traces/t/spans/a/raw", "/traces/none"]
    {
        let answer = get(&world, "other", url, true);
        assert!(matches!(answer, Err(Error::Reject(Reject::NotFound(_)))), "{url}: {answer:?}");
    }
    for url in ["/traces/t/spans/none", "/traces/t/spans/a/raw?part=output"] {
        let answer = get(&world, PROJECT, url, true);
        assert!(matches!(answer, Err(Error::Reject(Reject::NotFound(_)))), "{url}: {answer:?}");
    }
}

#[test]
fn nothing_a_client_sends_is_markup() {
    let world = World::new();
    let bad = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";
    let message = json!({ "role": bad, "content": [{ "type": "text", "text": bad }, { "type": bad }],
        "tool_calls": [{ "id": bad, "function": { "name": bad, "arguments": bad } }] });
    world.deliver(
        PROJECT,
        &body(&[
            trace(&json!({ "id": "t", "name": bad, "sessionId": bad, "tags": [bad], "deploymentId": bad,
                "parentTraceId": bad, "metadata": { bad: bad } })),
            span(json!({ "id": bad, "name": bad, "model": bad, "input": [message], "output": { bad: [bad] },
                "metadata": { bad: bad }, "modelParameters": { bad: bad }, "errorMessage": bad,
                "status": "ERROR", "parentSpanId": bad })),
        ]),
    );
    let id = dashboard::ui::format::encode(bad);
    for url in [
        "/traces/t".to_owned(),
        format!("/traces/t?span={id}"),
        format!("/traces/t/spans/{id}?part=input&view={id}"),
        format!("/sessions/{id}"),
        format!("/sessions/{id}?at={id}"),
    ] {
        let page = html(&world, &url);
        let attack =
            ["<script>", "<img", "onerror=alert(1)>"].iter().find(|bad| page.contains(**bad));
        assert_eq!(attack, None, "{url}: {page}");
        assert!(page.contains("&lt;script&gt;"), "{url}");
    }
}

#[test]
fn a_session_has_its_traces_in_order() {
    let world = World::new();
    let events: Vec<String> = [3, 1, 2]
        .iter()
        .flat_map(|n| {
            let id = format!("t{n}");
            let session = if *n == 2 { "other" } else { "s" };
            [
                trace(&json!({ "id": id, "name": id, "sessionId": session })),
                json!({ "type": "span-create", "body": { "traceId": id, "id": "r", "name": "r", "type": "AGENT",
                    "startTime": at(n * 10), "endTime": at(n * 10 + 2), "input": "hello", "cost": 0.5 } })
                .to_string(),
            ]
        })
        .collect();
    world.deliver(PROJECT, &body(&events));
    let page = html(&world, "/sessions/s");
    let shown: Vec<&str> = page.split("data-trace-id=\"").skip(1).map(|rest| &rest[..2]).collect();
    assert_eq!(shown, ["t1", "t3"]);
    let page = text(&page);
    assert!(
        page.contains("Traces 2") && page.contains("Cost $1.00") && page.contains("18.0 s later"),
        "{page}"
    );
    assert!(html(&world, "/sessions/none").contains("No trace of this session"));
}

#[test]
fn a_trace_that_changes_says_so() {
    let world = World::new();
    world.deliver(PROJECT, &body(&[span(json!({ "id": "a", "name": "n" }))]));
    let before = part(&world, "/traces/t");
    assert_eq!(part(&world, "/traces/t"), before);
    assert!(html(&world, "/traces/t").contains(&format!("data-state=\"{before}\"")));
    world.deliver(PROJECT, &body(&[span(json!({ "id": "b", "name": "n" }))]));
    assert_ne!(part(&world, "/traces/t"), before);
}

#[test]
fn a_span_that_is_its_own_parent_is_a_root_and_marked_as_in_a_loop() {
    let world = World::new();
    world.deliver(
        PROJECT,
        &body(&[
            span(json!({ "id": "self", "name": "n", "parentSpanId": "self" })),
            span(json!({ "id": "x", "name": "n", "parentSpanId": "y" })),
            span(json!({ "id": "y", "name": "n", "parentSpanId": "x" })),
        ]),
    );
    assert_eq!(html(&world, "/traces/t").matches("parent in a loop").count(), 2);
    let data: Value = serde_json::from_str(&world.get(PROJECT, "t")).unwrap();
    let of = |id: &str| data["spans"].as_array().unwrap().iter().find(|s| s["id"] == id).unwrap();
    assert_eq!(
        (&of("self")["parentSpanId"], of("self").get("parentMissing")),
        (&Value::Null, None)
    );
    assert_eq!(of("x")["parentSpanId"], "y");
}

#[test]
fn a_trace_that_is_not_there_is_said_to_be_elsewhere_or_late() {
    let world = World::new();
    let said = "This project has no trace with this id. It may be in another project, or not have arrived yet.";
    let Err(Error::Reject(Reject::NotFound(page))) = get(&world, PROJECT, "/traces/none", false)
    else {
        panic!()
    };
    let api =
        pollster::block_on(edgespan::api::get(PROJECT, "none", "", &world.db, world.source()));
    let Err(Error::Reject(Reject::NotFound(api))) = api else { panic!() };
    assert_eq!((page.as_str(), api.as_str()), (said, said));
}

#[test]
fn a_span_that_ends_changes_its_trace_that_ended_later() {
    let world = World::new();
    let open = json!({ "id": "a", "name": "n", "startTime": at(0) });
    let other = json!({ "id": "b", "name": "n", "startTime": at(0), "endTime": at(5) });
    let mut ended = open.clone();
    ended["endTime"] = json!(at(3));
    world.deliver(PROJECT, &body(&[span(open), span(other)]));
    let before = part(&world, "/traces/t");
    world.deliver(PROJECT, &body(&[span(ended)]));
    assert_ne!(part(&world, "/traces/t"), before);
}
