//! Rows that are not what they should be, by their columns.

use super::{expect_found, expect_repaired, filled, run, split};
use sim::state::{dump, find_miscounted};

/// What is done to a database that is right, and what is said of it then: a line for each,
/// or its beginning.
type Planted = (&'static str, &'static str, &'static [&'static str]);

const PLANTED: [Planted; 18] = [
    (
        "a trace that is not there",
        "delete from span where trace = (select key from trace where project = 1 and id = 't0');
         delete from trace where project = 1 and id = 't0'",
        &["p1 t0: it is not there"],
    ),
    (
        "a trace that is not there, of which rows of spans are",
        "delete from trace where project = 1 and id = 't0'",
        &["p1 t0: it is not there"],
    ),
    (
        "a batch that the ledger does not know",
        "delete from batch where project = 'p2'",
        &["p2 batch: neither the ledger nor the dead letters know it"],
    ),
    (
        "a wrong total",
        "update trace set tokens = tokens + 1 where project = 1 and id = 't1'",
        &["p1 t1: not what its spans come to: tokens"],
    ),
    (
        "a name that nobody says",
        "update trace set name = 'other' where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its name"],
    ),
    (
        "a session that nobody says",
        "update trace set session = 'other' where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its session"],
    ),
    (
        "tags that nobody says",
        "update trace set tags = '[\"b\"]' where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its tags"],
    ),
    (
        "a model that nobody says",
        "update trace set models = models || char(10) || 'zz' where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its model zz"],
    ),
    (
        "a model that is missing",
        "update trace set models = 'm0' where project = 1 and id = 't1'",
        &["p1 t1: something that is said is missing: models"],
    ),
    (
        "a pack that is damaged",
        "update trace set pack = x'01ff' where project = 1 and id = 't1'",
        &["p1 t1: its row cannot be unpacked"],
    ),
    (
        "a head that is damaged",
        "update trace set head = x'' where project = 1 and id = 't1'",
        &["p1 t1: its row cannot be unpacked"],
    ),
    (
        "an end that is too late",
        "update trace set end_us = end_us + 1 where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its end_us"],
    ),
    (
        "a receipt that is too early",
        "update trace set created_ms = created_ms - 1 where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its created_ms"],
    ),
    (
        "an end of its own that it has not",
        "update trace set ended = 1 where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its ended"],
    ),
    (
        "a trace that no batch mentions",
        "create temp table x as select * from trace where project = 1 and id = 't1';
         update x set id = 'stray', key = key + 77, beyond = null;
         insert into trace select * from x where pack is not null;
         drop table x",
        &["p1 stray: no raw batch mentions it"],
    ),
    (
        "a preview that nobody says",
        "update trace set input_preview = '\"x\"' where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its input_preview"],
    ),
    (
        "an order in which its root is another",
        "update trace set root_child = 1 where project = 1 and id = 't1'",
        &["p1 t1: not what its spans come to: root_child"],
    ),
    (
        "a start that is too early",
        "update trace set start_us = start_us - 1000000 where project = 1 and id = 't1'",
        &["p1 t1: no raw batch says its start_us"],
    ),
];

#[test]
fn whatever_is_wrong_is_found_and_mended_whatever_batches_a_step_has() {
    for packed in [2_000, 2] {
        let before = dump(&filled(packed).db);
        for (name, sql, expected) in PLANTED {
            for world in [filled(packed), split(packed)] {
                run(&world, sql);
                expect_found(&world, name, expected);
                expect_repaired(&world, name, &before);
            }
        }
    }
}

#[test]
fn a_trace_that_is_written_anew_is_counted_once() {
    for packed in [2_000, 2, 0] {
        for world in [filled(packed), split(packed)] {
            let used =
                || world.db.dump("select project, sum(traces), sum(spans) from stat group by 1");
            let (before, rows) = (used(), dump(&world.db));
            assert_eq!(find_miscounted(&world.db), [""; 0]);
            run(&world, "update trace set session = 'other' where project = 1");
            expect_repaired(&world, "sessions that nobody says", &rows);
            assert_eq!((used(), find_miscounted(&world.db)), (before, vec![]), "{packed}");
        }
    }
}
