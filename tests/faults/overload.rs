//! An overloaded D1 is asked less, not more; and a batch that takes it down
//! each time still does not sink those that it comes with.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use crate::common::{PROJECT, RECEIVED, Sqlite, Waiting, World};
use edgespan::batch::{BatchRef, RawStore};
use edgespan::error::Fault;
use edgespan::formats::FORMATS;
use edgespan::index::{Database, Param, QueryResults, Statement};
use edgespan::pipeline::consume::{Delivery, Outcome, consume, consume_dead};
use edgespan::pipeline::queue::Message;
use edgespan::pipeline::retry::delay;
use edgespan::pipeline::sweep::{GRACE_MS, sweep};
use sim::state::all_spans;

const OVERLOADED: &str = "D1_ERROR: D1 DB is overloaded. Requests queued for too long.";
const TIMED_OUT: &str =
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.";
const CONSTRAINT: &str = "D1_ERROR: CHECK constraint failed: n: SQLITE_CONSTRAINT";
const MINUTE: i64 = 60_000;

/// D1 when transactions with this text in them fail with this reason.
struct Picky<'a> {
    db: &'a Sqlite,
    at: &'a str,
    why: &'a str,
    asked: Cell<usize>,
}

impl<'a> Picky<'a> {
    fn new(db: &'a Sqlite, at: &'a str, why: &'a str) -> Self {
        Self { db, at, why, asked: Cell::new(0) }
    }
}

impl Database for Picky<'_> {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        self.asked.set(self.asked.get() + 1);
        let mut params = statements.iter().flat_map(|s| &s.params);
        if params.any(|param| matches!(param, Param::Text(text) if text.contains(self.at))) {
            return Err(Fault::Unavailable { what: "d1", why: self.why.into() });
        }
        self.db.run(statements).await
    }
}

/// Puts batch `n` into the store; its message.
fn stored(world: &World, n: usize, bytes: usize) -> Message {
    let span = format!(
        r#"{{"type":"span-create","body":{{"traceId":"t","id":"span-{n}.","name":"n","type":"LLM","input":"{}"}}}}"#,
        "x".repeat(bytes)
    );
    let body = crate::common::body(&[span]).into_bytes();
    let batch = BatchRef::of(PROJECT, &body, RECEIVED, "json");
    pollster::block_on(world.store.put(&batch.key(), &body)).unwrap();
    Message::of(&batch)
}

fn deliver(world: &World, db: &impl Database, deliveries: &[Delivery]) -> Vec<Outcome> {
    pollster::block_on(consume(deliveries, &|| RECEIVED, FORMATS, &world.store, db))
}

fn written(world: &World) -> BTreeSet<String> {
    all_spans(&world.db).into_keys().collect()
}

#[test]
fn a_d1_that_is_away_for_all_is_asked_once_per_delivery() {
    for bytes in [10, 1 << 20] {
        for attempts in [vec![1], vec![2], vec![9], vec![1, 1, 1, 2, 7]] {
            let world = World::new();
            let deliveries: Vec<_> = (0..10)
                .map(|n| Delivery {
                    message: stored(&world, n, bytes),
                    attempt: attempts[n % attempts.len()],
                })
                .collect();
            for why in [OVERLOADED, TIMED_OUT, "Network connection lost."] {
                let db = Picky::new(&world.db, "", why);
                let outcomes = deliver(&world, &db, &deliveries);
                assert_eq!(db.asked.get(), 1, "{attempts:?} {bytes} {why}");
                for (outcome, Delivery { message, attempt }) in outcomes.iter().zip(&deliveries) {
                    let delay_s = delay(*attempt, &message.key);
                    let why = format!("d1: {why}");
                    assert_eq!(*outcome, Outcome::Retry { delay_s, why });
                }
                db.asked.set(0);
                let dead = consume_dead(&deliveries, &|| RECEIVED, FORMATS, &world.store, &db);
                assert_eq!(pollster::block_on(dead).len(), 10);
                assert_eq!(db.asked.get(), 1, "dead letters");
            }
            assert!(deliver(&world, &world.db, &deliveries).iter().all(is_written));
            assert_eq!(written(&world).len(), 10);
        }
    }
}

fn is_written(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Ack(_))
}

#[test]
fn a_batch_that_d1_does_not_take_fails_alone_and_at_once() {
    for attempt in [1, 2] {
        let world = World::new();
        let deliveries: Vec<_> =
            (0..10).map(|n| Delivery { message: stored(&world, n, 10), attempt }).collect();
        let db = Picky::new(&world.db, "span-4.", CONSTRAINT);
        let outcomes = deliver(&world, &db, &deliveries);
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(is_written(outcome), n != 4, "{n}: {outcome:?}");
        }
        assert_eq!(written(&world).len(), 9);
    }
}

#[test]
fn a_batch_that_takes_d1_down_each_time_does_not_sink_its_neighbours() {
    for poison in 0..10 {
        let world = World::new();
        let mut waiting: Vec<_> =
            (0..10).map(|n| Delivery { message: stored(&world, n, 10), attempt: 1 }).collect();
        let at = format!("span-{poison}.");
        let db = Picky::new(&world.db, &at, TIMED_OUT);
        // The queue delivers ten times before it gives up; here always together,
        // which their delays would hardly let happen.
        for _ in 0..10 {
            let outcomes = deliver(&world, &db, &waiting);
            let mut settled = outcomes.iter().map(is_written);
            waiting.retain(|_| !settled.next().unwrap());
            for delivery in &mut waiting {
                delivery.attempt += 1;
            }
        }
        assert_eq!(waiting.len(), 1, "{poison}");
        assert!(!written(&world).iter().any(|id| id.contains(&at)));
        assert_eq!(written(&world).len(), 9);
    }
}

#[test]
fn what_failed_together_does_not_come_back_together() {
    let keys: Vec<_> =
        (0..3_000_u32).map(|n| format!("raw/20261122T061930.123Z/p/{n:032x}.json")).collect();
    for (attempt, least) in [(1, 2), (2, 4), (5, 32), (9, 512), (10, 600), (100, 600)] {
        let delays: Vec<_> = keys.iter().map(|key| delay(attempt, key)).collect();
        assert_eq!(delays, keys.iter().map(|key| delay(attempt, key)).collect::<Vec<_>>());
        assert!(delays.iter().all(|delay| (least..=2 * least).contains(delay)), "{attempt}");
        // Spread evenly: no second has much more than its share.
        let share = keys.len() / (least as usize + 1);
        for second in least..=2 * least {
            let at_once = delays.iter().filter(|delay| **delay == second).count();
            assert!(at_once <= 2 * share + 20, "{attempt}: {at_once} after {second} s");
        }
    }
    let together = |key: &&String| delay(5, key) == 40;
    let then: BTreeSet<_> = keys.iter().filter(together).map(|key| delay(6, key)).collect();
    assert!(then.len() > 20, "{then:?}");
}

/// A queue whose messages nobody counts but the test, and so many batches whose
/// messages it has.
fn backlog(batches: usize) -> (World, Waiting) {
    let (world, queue) = (World::new(), Waiting::default());
    queue.0.borrow_mut().extend((0..batches).map(|n| stored(&world, n, 1)));
    (world, queue)
}

fn sweeps(world: &World, queue: &Waiting, minute: i64) -> usize {
    let now = RECEIVED + GRACE_MS + minute * MINUTE;
    pollster::block_on(sweep(now, &world.store, queue, &world.db)).unwrap().queued
}

#[test]
fn a_backlog_that_is_merely_long_is_hardly_made_longer() {
    let (world, queue) = backlog(6_000);
    let queued: Vec<_> = (1..=60).map(|minute| sweeps(&world, &queue, minute)).collect();
    assert_eq!(queued[0], 1_000);
    assert!(queued[1..].iter().all(|queued| *queued == 100), "{queued:?}");
}

#[test]
fn a_queue_that_lost_everything_is_filled_as_fast_as_it_is_emptied() {
    let (world, queue) = backlog(3_500);
    queue.0.borrow_mut().clear();
    for minute in 1..=4 {
        let queued = sweeps(&world, &queue, minute);
        assert_eq!(queued, if minute == 4 { 500 } else { 1_000 });
        let messages = RefCell::take(&queue.0);
        let deliveries: Vec<_> =
            messages.into_iter().map(|message| Delivery { message, attempt: 1 }).collect();
        for some in deliveries.chunks(10) {
            assert!(deliver(&world, &world.db, some).iter().all(is_written));
        }
    }
    assert_eq!(written(&world).len(), 3_500);
}
