//! A trace's spans in parts, through the API and on its page: each span comes once,
//! with its payload and its parent, however many there are and wherever they lie.

use crate::common::{PROJECT, RECEIVED, World, body, pages};
use edgespan::error::{Error, Fault, Reject};
use edgespan::index::RowBounds;
use edgespan::index::spans::MAX_SPANS;
use ingest_core::fold::compact_id::pack;
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

/// An event of trace `t`.
fn span(fields: &Value) -> String {
    let mut body = json!({ "traceId": "t", "name": "n", "type": "LLM" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let envelope = body.as_object_mut().unwrap().remove("envelope");
    json!({ "type": "span-create", "id": envelope, "body": body }).to_string()
}

fn spans(answer: &Value) -> Vec<Value> {
    answer["spans"].as_array().unwrap().clone()
}

/// Follows the parts to their end: all spans, and how many each part had.
fn follow(world: &World, query: &str) -> (Vec<Value>, Vec<usize>) {
    let (mut all, mut parts, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let text = world.get_part(PROJECT, "t", &format!("{query}{cursor}")).unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let part = spans(&answer);
        parts.push(part.len());
        all.extend(part);
        match &answer["nextSpanCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            next => {
                assert!(next.is_null());
                return (all, parts);
            }
        }
    }
}

fn one(world: &World, project: &str, span: &str) -> Result<Value, Error> {
    let answer = block_on(edgespan::api::get_span(project, "t", span, &world.db, world.source()));
    Ok(serde_json::from_str(&answer?).unwrap())
}

/// Ids of all the forms that are kept in another, and others.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        1 => "[0-9a-f]{32}",
        1 => "[0-9a-f]{16}",
        1 => "[~=!-]?[a-e]{1,3}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_boundary_neither_skips_nor_repeats_nor_changes_a_parent(
        made in prop::collection::vec(
            (id(), proptest::option::of(0..3_u8), proptest::option::of(0..9_usize), 0..3_u8, 0..4_usize),
            1..30,
        ),
        limit in 1..12_usize,
        packed in 1..40_usize,
    ) {
        let world = World::new();
        world.db.1.set(RowBounds { spans: packed, ..RowBounds::default() });
        let events: Vec<_> = made.iter().map(|(id, start, parent, by, envelope)| {
            let start = start.map(|s| format!("2026-11-22T06:00:0{s}.000Z"));
            let parent = parent.map(|parent| match by {
                0 => format!("e{}", parent % 4),
                1 => "nowhere".to_owned(),
                _ => made[parent % made.len()].0.clone(),
            });
            span(&json!({ "id": id, "startTime": start, "parentSpanId": parent, "envelope": format!("e{envelope}") }))
        }).collect();
        world.deliver(PROJECT, &body(&events));
        let (whole, parts) = follow(&world, "");
        prop_assert_eq!(parts.len(), 1);
        let order = |span: &Value| {
            let start = span["startTime"].as_str().unwrap_or("~").to_owned();
            (start, pack(span["id"].as_str().unwrap()).into_owned())
        };
        prop_assert!(whole.is_sorted_by(|a, b| order(a) < order(b)));
        let (spans, parts) = follow(&world, &format!("limit={limit}"));
        prop_assert_eq!(parts.len(), whole.len().div_ceil(limit));
        prop_assert_eq!(&spans, &whole);
        for span in whole {
            prop_assert_eq!(&one(&world, PROJECT, span["id"].as_str().unwrap()).unwrap(), &span);
        }
    }
}

#[test]
fn a_part_ends_early_so_that_every_payload_is_in_one() {
    let world = World::new();
    let input = |n: usize| n.to_string().repeat(3 << 20);
    for n in 0..8 {
        let id = format!("s{n}");
        world.deliver(PROJECT, &body(&[span(&json!({ "id": id, "input": input(n) }))]));
    }
    // One event that is larger than all others may be, and metadata as large.
    let long = "x".repeat(5_200_000);
    world.deliver(PROJECT, &body(&[span(&json!({ "id": "s8", "input": long }))]));
    let trace = json!({ "type": "trace-create", "body": { "id": "t", "name": "n", "metadata": { "long": long } } });
    world.deliver(PROJECT, &body(&[trace.to_string()]));
    let (spans, parts) = follow(&world, "");
    assert_eq!(spans.len(), 9);
    assert!(parts.iter().all(|part| (1..=2).contains(part)), "{parts:?}");
    for (n, span) in spans.iter().enumerate() {
        assert_eq!(span["payloadError"], Value::Null);
        let sent = if n == 8 { &long } else { &input(n) };
        assert!(span["input"].as_str() == Some(sent), "{n}");
    }
    let answer: Value = serde_json::from_str(&world.get(PROJECT, "t")).unwrap();
    assert_eq!(answer["metadata"]["long"].as_str().map(str::len), Some(long.len()));
}

#[test]
fn a_part_ends_early_where_each_span_is_a_read_of_its_own() {
    let world = World::new();
    let bodies: Vec<_> =
        (0..600).map(|n| body(&[span(&json!({ "id": format!("s{n:03}"), "input": n }))])).collect();
    for bodies in bodies.chunks(100) {
        world.deliver_together(PROJECT, bodies);
    }
    world.store.reads.set(0);
    let (spans, parts) = follow(&world, "");
    assert_eq!(parts, [500, 100]);
    assert_eq!(world.store.reads.get(), 600);
    assert!(spans.iter().enumerate().all(|(n, span)| span["input"] == json!(n)));
}

#[test]
fn long_ids_that_many_spans_name_end_a_part_early() {
    let world = World::new();
    let long = "\u{1}".repeat(250);
    world.deliver(PROJECT, &body(&[span(&json!({ "id": long, "envelope": "e" }))]));
    for batch in 0..9 {
        let of = |n| span(&json!({ "id": format!("s{batch}-{n:03}"), "parentSpanId": "e" }));
        world.deliver(PROJECT, &body(&(0..1_000).map(of).collect::<Vec<_>>()));
    }
    let text = world.get(PROJECT, "t");
    assert!(text.len() < 13 << 20, "{}", text.len());
    let (spans, parts) = follow(&world, "");
    assert_eq!((spans.len(), parts.len()), (9_001, 2));
    assert!(spans[1..].iter().all(|span| span["parentSpanId"] == json!(long)));
}

#[test]
fn one_span_is_found_by_its_key_in_its_own_project_only() {
    let world = World::new();
    let of = |n| span(&json!({ "id": format!("s{n}"), "input": n, "parentSpanId": "s0" }));
    world.deliver(PROJECT, &body(&(0..50).map(of).collect::<Vec<_>>()));
    let found = one(&world, PROJECT, "s7").unwrap();
    assert_eq!((&found["input"], &found["parentSpanId"]), (&json!(7), &json!("s0")));
    for (project, span) in [(PROJECT, "s99"), ("other", "s7")] {
        let answer = one(&world, project, span);
        assert!(matches!(answer, Err(Error::Reject(Reject::NotFound(_)))), "{answer:?}");
    }
}

#[test]
fn a_limit_or_a_cursor_that_cannot_be_is_400_and_says_what_is_expected() {
    let world = World::new();
    world.deliver(PROJECT, &body(&[span(&json!({}))]));
    for (query, path) in [
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=e30", "cursor"),
    ] {
        let answer = world.get_part(PROJECT, "t", query);
        let Err(Error::Reject(Reject::Validation { details, .. })) = answer else {
            panic!("{query}: {answer:?}")
        };
        assert_eq!(details.len(), 1);
        assert_eq!(details[0].path, path);
        assert!(details[0].message.starts_with("expected"), "{details:?}");
    }
}

#[test]
fn an_answer_that_finds_no_room_is_told_to_come_again() {
    let world = World::new();
    world.deliver(PROJECT, &body(&[span(&json!({ "id": "s", "input": "in" }))]));
    let taken = world.budget.take(40 << 20, RECEIVED).unwrap();
    let unavailable = |answer: Result<_, _>| {
        assert!(matches!(answer, Err(Error::Fault(Fault::Unavailable { .. }))), "{answer:?}");
    };
    unavailable(world.get_part(PROJECT, "t", ""));
    unavailable(one(&world, PROJECT, "s").map(|_| String::new()));
    unavailable(page(&world, "/traces/t?span=s"));
    drop(taken);
    assert!(world.get_part(PROJECT, "t", "").is_ok());
    // Nothing is held when an answer is made.
    assert!(world.budget.take(40 << 20, RECEIVED).is_ok());
}

fn page(world: &World, url: &str) -> Result<String, Error> {
    Ok(pages::get(world, PROJECT, url, false)?.text().to_owned())
}

#[test]
fn the_page_of_a_large_trace_shows_its_first_spans_and_opens_any() {
    let world = World::new();
    // The parent of all starts last, so it is not among the first.
    let of = |batch: usize, n: usize| {
        let start = format!("2026-11-22T06:{:02}:{:02}.{:03}Z", batch, n / 50, n % 50);
        span(
            &json!({ "id": format!("s{batch:02}-{n:03}"), "startTime": start, "parentSpanId": "last",
            "status": if batch == 0 && n < 7 { "ERROR" } else { "OK" }, "usage": { "totalTokens": 1 } }),
        )
    };
    for batch in 0..10 {
        world.deliver(PROJECT, &body(&(0..1_000).map(|n| of(batch, n)).collect::<Vec<_>>()));
    }
    let last =
        span(&json!({ "id": "last", "name": "the agent", "startTime": "2026-11-22T07:00:00Z",
        "input": "asked", "status": "ERROR" }));
    world.deliver(PROJECT, &body(&[last]));
    assert_eq!(MAX_SPANS, 10_000);
    let html = page(&world, "/traces/t").unwrap();
    assert_eq!(html.matches("data-span-id").count(), MAX_SPANS);
    assert!(html.contains("The first 10,000 of 10,001 spans are shown."));
    assert!(html.contains("parent not shown") && !html.contains("parent not received"));
    assert!(html.contains("8 failed steps") && html.contains("and 3 more"));
    let html = page(&world, "/traces/t?span=last").unwrap();
    assert!(html.contains("asked") && !html.contains("has no span"));
    assert!(page(&world, "/traces/t?span=none").unwrap().contains("has no span"));
    // What the rows say of those below them would not be of all of them.
    assert!(!html.contains('Σ'));
}
