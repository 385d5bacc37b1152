//! What a project is counted to have used: each trace and each span once, in the hour in
//! which it was written, in the transaction that writes it.

use std::slice;

use crate::common::{PROJECT, RECEIVED, World, body};
use edgespan::pipeline::consume::Outcome;
use sim::state::find_miscounted;

const HOUR: i64 = 3_600_000;

fn span(trace: &str, span: &str, name: &str) -> String {
    format!(
        r#"{{"type":"span-create","body":{{"traceId":"{trace}","id":"{span}","name":"{name}","type":"LLM"}}}}"#
    )
}

/// Delivers batches together, at a time.
fn deliver_at(world: &World, bodies: &[String], now: i64) {
    let outcomes = world.deliver_later(PROJECT, bodies, now);
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Ack(_))), "{outcomes:?}");
}

/// Batches, traces and spans of each hour, in order.
fn hours(world: &World) -> Vec<String> {
    world.db.dump("select batches, traces, spans from stat order by hour_ms")
}

fn row(batches: i64, traces: i64, spans: i64) -> String {
    format!("[Integer({batches}), Integer({traces}), Integer({spans})]")
}

#[test]
fn an_id_counts_once_in_the_hour_in_which_it_was_written() {
    let world = World::new();
    let first = body(&[span("t", "a", "n"), span("t", "b", "n")]);
    deliver_at(&world, slice::from_ref(&first), RECEIVED);
    assert_eq!(hours(&world), [row(1, 1, 2)]);

    // Again, in the next hour: nothing is counted, and no row is written.
    deliver_at(&world, slice::from_ref(&first), RECEIVED + HOUR);
    assert_eq!(hours(&world), [row(1, 1, 2)]);

    // The same span says more, in another batch; and one more comes with it, twice.
    let second = body(&[span("t", "a", "m"), span("t", "c", "n")]);
    let third = body(&[span("t", "c", "o"), span("u", "a", "n")]);
    deliver_at(&world, &[first, second, third], RECEIVED + HOUR);
    assert_eq!(hours(&world), [row(1, 1, 2), row(2, 1, 2)]);
}

#[test]
fn what_is_written_in_several_transactions_is_counted_in_each() {
    // More than the packs that one transaction reads.
    let world = World::new();
    let large = "x".repeat(200);
    let traces: Vec<String> = (0..40).map(|n| format!("trace {n}")).collect();
    let batch = |from: usize| -> Vec<String> {
        let spans = |trace: &String| {
            let spans = (from..from + 900).map(|n| span(trace, &format!("{large} {n}"), "n"));
            body(&spans.collect::<Vec<_>>())
        };
        traces.iter().map(spans).collect()
    };
    for some in batch(0).chunks(10) {
        deliver_at(&world, some, RECEIVED);
    }
    let each: Vec<String> = traces.iter().map(|trace| span(trace, "new", "n")).collect();
    deliver_at(&world, &[body(&each)], RECEIVED + HOUR);
    assert_eq!(hours(&world), [row(40, 40, 40 * 900), row(1, 0, 40)]);
}

#[test]
fn a_delivery_of_a_project_is_one_row_of_sums_and_none_where_nothing_changes() {
    let world = World::new();
    // 10 batches of 100 spans in 8 traces, as they come together.
    let batch = |n: usize| {
        let spans = (0..100).map(|at| span(&format!("{n} {}", at % 8), &at.to_string(), "n"));
        body(&spans.collect::<Vec<_>>())
    };
    let batches: Vec<String> = (0..10).map(batch).collect();
    let changes = || world.db.changes();
    let before = changes();
    deliver_at(&world, &batches, RECEIVED);
    let rows = || world.db.dump("select key & 65535 from delivery");
    assert_eq!(rows(), ["[Integer(0)]"]);
    // Of 1,000 spans: 80 traces, 10 batches, the hour's counts, the project's number, and
    // this: 0.001 rows a span.
    assert_eq!(changes() - before, 80 + 10 + 1 + 1 + 1);

    deliver_at(&world, &batches, RECEIVED);
    assert_eq!(rows().len(), 1);
    // A name that its trace is not shown by changes nothing that is added up.
    deliver_at(&world, &[body(&[span("0 0", "8", "other")])], RECEIVED);
    assert_eq!(rows().len(), 1);
    deliver_at(&world, &[body(&[span("0 0", "0", "other")])], RECEIVED);
    assert_eq!(rows(), ["[Integer(0)]", "[Integer(1)]"]);
    assert_eq!(find_miscounted(&world.db), [""; 0]);
}
