//! LangSmith's runs that are changed by their id alone, without their trace: they end where
//! the run is, whichever comes first, as if the trace had been said.

use std::cell::Cell;

use crate::common::{PROJECT, RECEIVED, World};
use edgespan::batch::RawStore;
use edgespan::error::Fault;
use edgespan::formats::FORMATS;
use edgespan::index::{Database, QueryResults, RowBounds, Statement};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};
use sim::objects::Objects;
use sim::sqlite::Sqlite;
use sim::state::{find_miscounted, find_wrong};
use sim::verification::Verification;

const ENDING: &str = "langsmith.json";
const ROOT: &str = "019b0000-0000-7000-8000-000000000000";

fn run_id(n: usize) -> String {
    if n == 0 { ROOT.into() } else { format!("019b0000-0000-7000-8000-0000000000a{n}") }
}

/// The post of a run: the root, or a child of it.
fn post(n: usize) -> Value {
    let mut run = json!({ "id": run_id(n), "trace_id": ROOT, "name": format!("run {n}"), "run_type": "tool",
        "start_time": format!("2026-11-22T06:19:0{n}Z"), "inputs": { "n": n } });
    if n > 0 {
        run["parent_run_id"] = ROOT.into();
    }
    json!({ "post": [run] })
}

/// A change of a run, with its trace or without.
fn patch(n: usize, second: usize, named: bool) -> Value {
    let mut run = json!({ "id": run_id(n), "trace_id": null, "dotted_order": null,
        "end_time": format!("2026-11-22T06:19:2{second}Z"), "outputs": { "second": second } });
    if second.is_multiple_of(2) {
        run["error"] = json!(format!("failed {second}"));
    }
    if second.is_multiple_of(3) {
        run["extra"] = json!({ "metadata": { format!("key {second}"): second } });
    }
    if named {
        run["trace_id"] = ROOT.into();
    }
    json!({ "patch": [run] })
}

fn send(world: &World, batch: &Value) {
    let outcome = world.deliver_as(ENDING, PROJECT, &batch.to_string());
    assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
}

fn answers(world: &World) -> (Vec<String>, Value) {
    (world.listed(PROJECT), serde_json::from_str(&world.get(PROJECT, ROOT)).unwrap())
}

/// What a comparison of the index with the raw batches finds.
fn differences(world: &World) -> Vec<String> {
    let World { db, store, formats, .. } = world;
    let now = RECEIVED + 3_600_000;
    let (formats, keys) = (*formats, usize::MAX);
    let found = Verification { store, keys, db, formats, now, since: "1970-01-01" }.report();
    found.lines.into_iter().collect()
}

/// Another database, from the raw batches that one has, in some order.
fn replay(world: &World, backwards: bool) -> World {
    let again = World::new();
    let mut keys = block_on(world.store.list("", usize::MAX)).unwrap().keys;
    if backwards {
        keys.reverse();
    }
    for key in keys {
        let body = block_on(world.store.get(&key, None)).unwrap().unwrap();
        block_on(again.store.put(&key, &body)).unwrap();
        let batch = edgespan::batch::BatchRef::parse(&key).unwrap();
        let delivery = [Delivery { message: Message::of(&batch), attempt: 1 }];
        let done = block_on(consume(&delivery, &|| RECEIVED, FORMATS, &again.store, &again.db));
        assert!(matches!(done[0], Outcome::Ack(_)), "{done:?}");
    }
    again
}

#[test]
fn a_change_without_its_trace_ends_the_run_whichever_comes_first() {
    let orders: [&[Value]; 4] = [
        &[post(0), post(1), patch(1, 4, false)],
        &[patch(1, 4, false), post(1), post(0)],
        &[post(0), patch(1, 4, false), post(1)],
        &[
            json!({ "post": [post(0)["post"][0], post(1)["post"][0]], "patch": patch(1, 4, false)["patch"] }),
        ],
    ];
    for (nth, order) in orders.into_iter().enumerate() {
        let world = World::new();
        for batch in order {
            send(&world, batch);
        }
        let trace: Value = serde_json::from_str(&world.get(PROJECT, ROOT)).unwrap();
        let child = trace["spans"].as_array().unwrap().iter().find(|span| span["id"] == run_id(1));
        let child = child.unwrap();
        assert_eq!(child["output"], json!({ "second": 4 }), "{nth}");
        assert_eq!((&child["name"], &child["status"]), (&json!("run 1"), &json!("ERROR")), "{nth}");
        assert_eq!(world.listed(PROJECT).len(), 1, "{nth}");
        assert_eq!(differences(&world), [""; 0], "{nth}");
        // What was found out holds for what comes later, too.
        send(&world, &patch(1, 7, false));
        assert_eq!(answers(&replay(&world, nth % 2 == 0)), answers(&world), "{nth}");
        let trace: Value = serde_json::from_str(&world.get(PROJECT, ROOT)).unwrap();
        assert!(trace["spans"].to_string().contains(r#"{"second":7}"#), "{nth}: {trace}");
        assert_eq!(differences(&world), [""; 0], "{nth}");
    }
}

/// A run that was posted nowhere stays what it was taken for, and is listed.
#[test]
fn a_change_of_a_run_that_nobody_knows_is_a_trace_of_its_own() {
    let world = World::new();
    send(&world, &patch(1, 4, false));
    assert_eq!(world.listed(PROJECT).len(), 1);
    send(&world, &post(0));
    assert_eq!(world.listed(PROJECT).len(), 2);
    assert_eq!(differences(&world), [""; 0]);
}

#[test]
fn another_projects_run_of_that_id_is_not_touched() {
    let world = World::new();
    for batch in [post(0), post(1)] {
        assert!(matches!(world.deliver_as(ENDING, "p2", &batch.to_string()), Outcome::Ack(_)));
    }
    send(&world, &patch(1, 4, false));
    let theirs = world.get("p2", ROOT);
    assert!(!theirs.contains("second") && world.listed(PROJECT).len() == 1, "{theirs}");
}

#[test]
fn the_run_is_found_where_its_traces_row_has_no_room_for_it() {
    let world = World::new();
    world.db.1.set(RowBounds { spans: 1, ..RowBounds::default() });
    for batch in [post(0), post(2), post(1), patch(1, 4, false)] {
        send(&world, &batch);
    }
    assert!(world.get(PROJECT, ROOT).contains(r#"{"second":4}"#));
    assert_eq!(world.listed(PROJECT).len(), 1);
}

/// A database that counts its calls.
struct Counting<'a>(&'a Sqlite, Cell<usize>);

impl Database for Counting<'_> {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        self.1.set(self.1.get() + 1);
        self.0.run(statements).await
    }
}

/// Calls of the database that a batch takes, and rows that it writes.
fn cost(world: &World, batch: &Value) -> (usize, u64) {
    let body = batch.to_string().into_bytes();
    let of = edgespan::batch::BatchRef::of(PROJECT, &body, RECEIVED, ENDING);
    block_on(world.store.put(&of.key(), &body)).unwrap();
    let delivery = [Delivery { message: Message::of(&of), attempt: 1 }];
    let db = Counting(&world.db, Cell::new(0));
    let store: &Objects = &world.store;
    let done = block_on(consume(&delivery, &|| RECEIVED, FORMATS, store, &db));
    let Outcome::Ack(written) = &done[0] else { panic!("{done:?}") };
    (db.1.get(), written.rows_written)
}

#[test]
fn who_always_says_the_trace_pays_nothing_and_neither_does_a_root() {
    let world = World::new();
    for batch in [post(0), post(1), patch(1, 1, true), patch(0, 1, true), patch(0, 2, false)] {
        assert_eq!(cost(&world, &batch).0, 2, "{batch}");
    }
    // The row of what it is taken for, the search, and the two of what is found out.
    assert_eq!(cost(&world, &patch(1, 2, false)).0, 6);
    // Nothing is looked for that is known.
    assert_eq!(cost(&world, &patch(1, 3, false)).0, 5 + 2);
}

/// Traces and spans that the project is counted to have used.
fn used(world: &World) -> Vec<String> {
    world.db.dump("select sum(traces), sum(spans) from stat")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_repetition_ends_as_if_the_trace_had_been_said(
        changes in prop::collection::btree_set((0..3_usize, 0..6_usize), 1..6),
        order in Just((0..18).collect::<Vec<usize>>()).prop_shuffle(),
        twice in 0..18_usize,
    ) {
        let sent = |named: bool| -> Vec<Value> {
            let patches = changes.iter().map(|(run, second)| patch(*run, *second, named));
            (0..3).map(post).chain(patches).collect()
        };
        let said = World::new();
        for batch in sent(true) {
            send(&said, &batch);
        }

        let guessed = World::new();
        let batches = sent(false);
        let in_order = order.iter().filter_map(|at| batches.get(*at));
        for (at, batch) in in_order.enumerate() {
            send(&guessed, batch);
            if at == twice % batches.len() {
                send(&guessed, batch);
            }
        }
        prop_assert_eq!(answers(&guessed), answers(&said));
        prop_assert_eq!(find_wrong(&guessed.db), Vec::<String>::new());
        prop_assert_eq!(find_miscounted(&guessed.db), Vec::<String>::new());
        prop_assert_eq!(used(&guessed), used(&said));
        // What the root's output and error begin with is lost to lists where they came before
        // the root did, and another run in between.
        let lost = [": output_preview", ": error_preview", ": output_preview, error_preview"];
        let found = differences(&guessed).into_iter();
        let found = found.filter(|line| !lost.iter().any(|lost| line.ends_with(lost)));
        prop_assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new());
        prop_assert_eq!(answers(&replay(&guessed, true)), answers(&said));

        // All that came, at once.
        let together = World::new();
        let of = |key: &str| -> Vec<Value> {
            batches.iter().filter_map(|batch| Some(batch.get(key)?[0].clone())).collect()
        };
        send(&together, &json!({ "post": of("post"), "patch": of("patch") }));
        prop_assert_eq!(answers(&together), answers(&said));
    }
}
