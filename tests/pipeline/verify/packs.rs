//! Spans that are not what they should be: in packs, and in rows of their own.

use super::{World, expect_found, expect_repaired, filled, lines, report, run, split};
use crate::common::RECEIVED;
use ingest_core::fold::part::Part;
use ingest_core::fold::place::BatchName;
use ingest_core::fold::span::Span;
use ingest_core::pack::{hex, spans};
use sim::state::dump;

/// Rewrites the pack of a trace of [`PROJECT`].
fn repack(world: &World, trace: &str, change: impl Fn(&mut Vec<Span>)) {
    let of = format!("where project = 1 and id = '{trace}'");
    let pack = world.db.texts(&format!("select hex(pack) from trace {of}")).remove(0);
    let mut all = spans::read_list(&hex::read(&pack).unwrap()).unwrap();
    change(&mut all);
    let pack = hex::write(&spans::write_all(&all));
    run(world, &format!("update trace set pack = unhex('{pack}') {of}"));
}

/// The span with one of its events as this makes it.
fn altered(span: &Span, id: &str, change: impl Fn(&mut Part)) -> Span {
    let mut parts = span.parts().to_vec();
    parts.iter_mut().for_each(change);
    Span::of(id.into(), parts).unwrap()
}

#[test]
fn an_event_that_is_not_what_its_batch_says_is_found_and_mended() {
    let before = dump(&filled(2_000).db);
    for world in [filled(2_000), split(2_000)] {
        repack(&world, "t1", |spans| {
            let at = spans.iter().position(|span| &*span.id == "s4").unwrap();
            spans[at] = altered(&spans[at], "s4", |part| part.fields.name = Some("other".into()));
        });
        expect_found(&world, "altered", &["p1 t1: span s4: not what its batch says there"]);
        expect_repaired(&world, "altered", &before);

        // An event of a span that was left out altogether.
        repack(&world, "t1", |spans| spans.retain(|span| &*span.id != "s4"));
        let total = "update trace set spans = spans - 1, tokens = tokens - 4, cost_nano = cost_nano - 100000000
            where project = 1 and id = 't1'";
        run(&world, total);
        expect_found(&world, "left out", &["p1 t1: something that is said is missing: span s4"]);
        expect_repaired(&world, "left out", &before);
    }
}

#[test]
fn a_span_that_nobody_said_is_found_and_mended() {
    let before = dump(&filled(2_000).db);
    let total =
        "update trace set spans = spans + 1, tokens = tokens + 4, cost_nano = cost_nano + 100000000
        where project = 1 and id = 't1'";
    for world in [filled(2_000), split(2_000)] {
        // In a batch of its trace, in one of another trace, in one that is not there.
        repack(&world, "t1", |spans| {
            let of = spans.iter().find(|span| &*span.id == "s4").unwrap();
            spans.push(altered(of, "made up", |_| {}));
        });
        run(&world, total);
        expect_found(&world, "made up", &["p1 t1: span made up: not what its batch says there"]);
        expect_repaired(&world, "made up", &before);

        let of_other =
            world.db.texts("select hex(pack) from trace where project = 1 and id = 't0'");
        let of_other = spans::read_list(&hex::read(&of_other[0]).unwrap()).unwrap();
        let of_other = of_other.into_iter().find(|span| &*span.id == "s3").unwrap();
        repack(&world, "t1", |spans| spans.push(of_other.clone()));
        expect_found(&world, "of another", &["p1 t1: "]);
        expect_repaired(&world, "of another", &before);

        repack(&world, "t1", |spans| {
            let of = spans.iter().find(|span| &*span.id == "s4").unwrap();
            let none =
                BatchName { received: RECEIVED + 4, id: "none".into(), ending: "json".into() };
            spans.push(altered(of, "made up", |part| part.place.batch = none.clone().into()));
        });
        run(&world, total);
        expect_found(&world, "nowhere", &["p1 t1: names a batch that says nothing of it"]);
        expect_repaired(&world, "nowhere", &before);
    }
}

#[test]
fn rows_of_spans_that_are_wrong_are_found_and_mended() {
    let of = "trace = (select key from trace where project = 1 and id = 't1')";
    let before = dump(&filled(2).db);
    for (name, sql, expected) in [
        ("a row that is gone", format!("delete from span where {of} and id = 's7'"), "p1 t1: not what the rows"),
        ("all rows that are gone", format!("delete from span where {of}"), "p1 t1: it has no rows"),
        ("a damaged row", format!("update span set pack = x'00' where {of} and id = 's7'"), "p1 t1: a row of its spans cannot"),
        ("a wrong start", format!("update span set start_us = start_us + 1 where {of} and id = 's7'"), "p1 t1: the row of span s7"),
        (
            "another's row",
            format!(
                "update span set pack = (select pack from span where {of} and id = 's10') where {of} and id = 's7'"
            ),
            "p1 t1: a row of its spans cannot",
        ),
        (
            "a row of no trace",
            "insert into span select trace + 60000, id, start_us, envelope, pack from span
             where trace < 1 << 49".into(),
            "",
        ),
        (
            "sums that are wrong",
            "update trace set spans = spans + 1, beyond = json_set(beyond, '$[0]', 9) where project = 1 and id = 't1'".into(),
            "p1 t1: not what the rows of its spans come to: beyond",
        ),
    ] {
        for world in [filled(2), split(2)] {
            run(&world, &sql);
            if expected.is_empty() {
                assert!(lines(&world).iter().all(|line| line.ends_with("are of no trace")));
                assert!(!report(&world).keys.is_empty());
            } else {
                expect_found(&world, name, &[expected]);
            }
            expect_repaired(&world, name, &before);
        }
    }
}

#[test]
fn a_row_of_a_span_that_nobody_said_is_found_and_mended() {
    let before = dump(&filled(2).db);
    for world in [filled(2), split(2)] {
        let of = "trace = (select key from trace where project = 1 and id = 't1')";
        let pack = world.db.texts(&format!("select hex(pack) from span where {of} and id = 's7'"));
        let span = spans::read_list(&hex::read(&pack[0]).unwrap()).unwrap().remove(0);
        let pack = hex::write(&spans::write_all(&[altered(&span, "made up", |_| {})]));
        run(
            &world,
            &format!(
                "insert into span select trace, 'made up', start_us, envelope, unhex('{pack}') from span
                   where {of} and id = 's7';
                 update trace set spans = spans + 1, tokens = tokens + 7, cost_nano = cost_nano + 100000000,
                   beyond = json_set(beyond, '$[0]', beyond->>0 + 1, '$[3]', beyond->>3 + 7, '$[4]', beyond->>4 + 100000000)
                   where project = 1 and id = 't1'"
            ),
        );
        assert_eq!(lines(&world), ["p1 t1: rows that no raw batch says"]);
        expect_repaired(&world, "made up", &before);
    }
}
