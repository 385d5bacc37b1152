//! Whatever fails, whenever it fails: every acknowledged batch is written
//! exactly once, every other one wholly or not at all.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::common::flaky::{CallFault, FaultPlan, Flaky, run_for};
use crate::common::{PROJECT, RECEIVED, Waiting, World};
use edgespan::formats::FORMATS;
use edgespan::model::Handling;
use edgespan::pipeline::consume::{Delivery, Outcome, consume, consume_dead};
use edgespan::pipeline::ingest::{Preference, Upload, check, keep};
use edgespan::pipeline::queue::Message;
use edgespan::pipeline::sweep::{GRACE_MS, sweep};
use proptest::prelude::*;
use sim::objects::gzip;
use sim::state::{all_spans, find_wrong};

const STRICT: Preference = Preference { project: Handling::Strict, request: None };
const MINUTE: i64 = 60_000;

/// The body of batch `n`: three spans of a trace that several batches share, the
/// second of them open.
fn body(n: usize) -> String {
    let spans: Vec<String> = (0..3)
        .map(|s| {
            format!(
                r#"{{"type":"span-create","body":{{"traceId":"t{}","id":"b{n}-{s}","name":"n",
                "type":"LLM","usage":{{"totalTokens":{}}},"cost":0.001,
                "startTime":"2026-03-14T10:00:{:02}Z","endTime":{}}}}}"#,
                n % 4,
                n + 1,
                n,
                if s == 1 { "null".into() } else { format!(r#""2026-03-14T10:01:{n:02}Z""#) },
            )
        })
        .collect();
    crate::common::body(&spans)
}

/// A deployment with its queue and its dead letters.
struct Service {
    world: World,
    queue: Waiting,
    dead: Waiting,
    plan: RefCell<FaultPlan>,
    now: i64,
}

impl Service {
    fn new(plan: FaultPlan) -> Self {
        Self {
            world: World::new(),
            queue: Waiting::default(),
            dead: Waiting::default(),
            plan: RefCell::new(plan),
            now: RECEIVED,
        }
    }

    /// Sends batch `n`; whether it was acknowledged. Cut off after `steps`.
    fn send(&self, n: usize, steps: usize) -> bool {
        let body = body(n);
        let store = Flaky::new(&self.world.store, &self.plan);
        let queue = Flaky::new(&self.queue, &self.plan);
        let raw = body.into_bytes();
        let format = &FORMATS.0[0];
        let upload = Upload {
            project: PROJECT,
            format,
            preference: STRICT,
            received: self.now,
            random: None,
        };
        let checked = check(upload, &raw).unwrap();
        // Every other one is kept compressed.
        let (checked, raw) = match n % 2 {
            0 => (checked, raw),
            _ => (checked.gzipped(), gzip(&raw)),
        };
        let sent = keep(checked, &raw, &store, &queue);
        matches!(run_for(steps, sent), Some(Ok(kept)) if kept.receipt.events == 3)
    }

    /// Delivers some of the waiting messages at once; each is gone when it was
    /// settled and back in line otherwise.
    fn deliver(&self, pick: usize, steps: usize) {
        let mut deliveries = Vec::new();
        for _ in 0..=pick % 4 {
            let waiting = self.queue.0.borrow().len();
            if waiting > 0 {
                let message = self.queue.0.borrow_mut().remove(pick % waiting);
                deliveries.push(Delivery { message, attempt: 1 });
            }
        }
        let store = Flaky::new(&self.world.store, &self.plan);
        let db = Flaky::new(&self.world.db, &self.plan);
        let mut outcomes = run_for(steps, consume(&deliveries, &|| self.now, FORMATS, &store, &db))
            .unwrap_or_default();
        outcomes.reverse();
        for Delivery { message, .. } in deliveries {
            match outcomes.pop() {
                Some(Outcome::Ack(_)) => {}
                Some(Outcome::Bury { .. }) => self.dead.0.borrow_mut().push(message),
                Some(Outcome::Retry { .. }) | None => self.queue.0.borrow_mut().push(message),
            }
        }
    }

    fn sweep(&self, steps: usize) {
        let store = Flaky::new(&self.world.store, &self.plan);
        let db = Flaky::new(&self.world.db, &self.plan);
        let queue = Flaky::new(&self.queue, &self.plan);
        let _ = run_for(steps, sweep(self.now, &store, &queue, &db));
    }

    /// Time passes, or the clock is put right. It is put right where a sweep
    /// comes through before the clock is where it was: one is due a minute.
    fn clock_moves(&mut self, minutes: i64) {
        self.now += minutes * MINUTE;
        if minutes < 0 {
            let planned = self.plan.take();
            self.sweep(usize::MAX);
            self.plan.replace(planned);
        }
    }

    /// No more faults: time passes, everything is delivered.
    fn settle(&mut self) {
        self.plan.borrow_mut().clear();
        for _ in 0..4 {
            self.now += GRACE_MS + 24 * 60 * MINUTE;
            self.sweep(usize::MAX);
            while !self.queue.0.borrow().is_empty() {
                self.deliver(0, usize::MAX);
            }
        }
    }

    fn count(&self, sql: &str) -> String {
        self.world.db.dump(sql).join(" ")
    }

    /// Compares the database with what was acknowledged and what R2 has.
    fn check(&self, acknowledged: &BTreeSet<usize>, sent: &BTreeSet<usize>) {
        let written: BTreeSet<usize> =
            sent.iter().copied().filter(|n| self.has_span(*n, 0)).collect();
        assert!(acknowledged.is_subset(&written), "{acknowledged:?} in {written:?}");
        for n in sent {
            let whole = (0..3).all(|s| self.has_span(*n, s) == written.contains(n));
            assert!(whole, "batch {n} is there in part");
        }
        // Counted once: the sums over the traces are those over the spans, and
        // those that the batches have.
        let tokens: usize = written.iter().map(|n| 3 * (n + 1)).sum();
        let (spans, open) = (3 * written.len(), written.len());
        let expected = format!("[Integer({spans}), Integer({tokens}), Integer({open})]");
        let sums =
            "select coalesce(sum(spans), 0), coalesce(sum(tokens), 0), coalesce(sum(open), 0)
             from trace";
        assert_eq!(self.count(sums), expected);
        assert_eq!(all_spans(&self.world.db).len(), spans);
        assert_eq!(find_wrong(&self.world.db), Vec::<String>::new());
        // Heard of last when the last of its spans ended.
        let last = "select count(*) from trace where active_us <> end_us";
        assert_eq!(self.count(last), "[Integer(0)]");
        let ledger = self.count("select count(*), coalesce(sum(events), 0) from batch");
        let stats = "select coalesce(sum(batches), 0), coalesce(sum(events), 0) from stat";
        assert_eq!(self.count(stats), ledger);
        assert_eq!(self.count("select count(*) from overdue"), "[Integer(0)]");
    }

    fn has_span(&self, batch: usize, span: usize) -> bool {
        all_spans(&self.world.db).contains_key(&format!("b{batch}-{span}"))
    }
}

#[derive(Debug, Clone)]
enum Step {
    Send(usize, usize),
    Deliver(usize, usize),
    DeliverTwice(usize),
    Sweep(usize),
    QueueLost,
    Minutes(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let cut = || prop_oneof![3 => Just(usize::MAX), 1 => 1..8_usize];
    prop_oneof![
        5 => (0..12_usize, cut()).prop_map(|(n, steps)| Step::Send(n, steps)),
        5 => (0..20_usize, cut()).prop_map(|(pick, steps)| Step::Deliver(pick, steps)),
        1 => (0..20_usize).prop_map(Step::DeliverTwice),
        1 => cut().prop_map(Step::Sweep),
        1 => Just(Step::QueueLost),
        1 => (-5..10_i64).prop_map(Step::Minutes),
    ]
}

fn call_fault() -> impl Strategy<Value = CallFault> {
    prop_oneof![6 => Just(CallFault::None), 2 => Just(CallFault::Before), 2 => Just(CallFault::After)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_acknowledged_is_lost_or_counted_twice(
        steps in prop::collection::vec(step(), 1..40),
        plan in prop::collection::vec(call_fault(), 0..80),
    ) {
        let mut service = Service::new(plan);
        let (mut acknowledged, mut sent) = (BTreeSet::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Send(n, steps) => {
                    sent.insert(n);
                    if service.send(n, steps) {
                        acknowledged.insert(n);
                    }
                }
                Step::Deliver(pick, steps) => service.deliver(pick, steps),
                Step::DeliverTwice(pick) => {
                    let again = service.queue.0.borrow().get(pick).cloned();
                    service.queue.0.borrow_mut().extend(again);
                }
                Step::Sweep(steps) => service.sweep(steps),
                Step::QueueLost => service.queue.0.borrow_mut().clear(),
                Step::Minutes(n) => service.clock_moves(n),
            }
        }
        service.settle();
        service.check(&acknowledged, &sent);
    }
}

#[test]
fn a_sweep_reads_what_is_new_and_stops_at_what_is_young() {
    let mut service = Service::new(Vec::new());
    assert!(service.send(1, usize::MAX));
    service.queue.0.borrow_mut().clear();
    service.now += GRACE_MS;
    service.sweep(usize::MAX);
    assert_eq!(service.queue.0.borrow().len(), 0, "younger than the grace period");
    service.now += 1;
    service.sweep(usize::MAX);
    assert_eq!(service.queue.0.borrow().len(), 1);
    service.sweep(usize::MAX);
    assert_eq!(service.queue.0.borrow().len(), 1, "queued again only when it is due again");
    service.now += 6 * MINUTE;
    service.sweep(usize::MAX);
    assert_eq!(service.queue.0.borrow().len(), 2);
}

#[test]
fn a_sweep_goes_on_when_the_store_lists_fewer_keys_than_asked_for() {
    let mut service = Service::new(Vec::new());
    service.world.store.lists_at_most = Some(2);
    for n in 0..5 {
        assert!(service.send(n, usize::MAX));
    }
    service.queue.0.borrow_mut().clear();
    service.now += GRACE_MS + 1;
    let Service { world, queue, now, .. } = &service;
    let swept = pollster::block_on(sweep(*now, &world.store, queue, &world.db)).unwrap();
    assert_eq!((swept.listed, swept.queued, swept.complete), (5, 5, true));
}

#[test]
fn a_clock_that_was_ahead_leaves_no_gap() {
    let mut service = Service::new(Vec::new());
    service.now += 24 * 60 * MINUTE;
    assert!(service.send(1, usize::MAX));
    service.now += GRACE_MS + 1;
    service.sweep(usize::MAX);
    service.clock_moves(-24 * 60);
    assert!(service.send(2, usize::MAX));
    service.queue.0.borrow_mut().clear();
    service.settle();
    service.check(&BTreeSet::from([1, 2]), &BTreeSet::from([1, 2]));
}

#[test]
fn a_clock_that_is_behind_leaves_no_gap() {
    for minutes in [-4, -2, 0, 2, 4] {
        let mut service = Service::new(Vec::new());
        assert!(service.send(1, usize::MAX));
        service.now += 10 * MINUTE;
        service.sweep(usize::MAX);
        // Another edge, whose clock is off, and a message that is lost.
        service.now += minutes * MINUTE;
        assert!(service.send(2, usize::MAX));
        service.now -= minutes * MINUTE;
        service.queue.0.borrow_mut().clear();
        service.settle();
        service.check(&BTreeSet::from([1, 2]), &BTreeSet::from([1, 2]));
    }
}

#[test]
fn a_body_sent_twice_was_received_first_when_it_was_whichever_is_written_first() {
    let created = |order: [usize; 2], lost: Option<usize>, together: bool| {
        let mut service = Service::new(Vec::new());
        assert!(service.send(1, usize::MAX));
        service.now += 1;
        assert!(service.send(1, usize::MAX));
        let messages = service.queue.0.take();
        let sent = order.map(|n| messages[n].clone());
        let kept = order.iter().zip(sent).filter(|(n, _)| Some(**n) != lost);
        service.queue.0.borrow_mut().extend(kept.map(|(_, message)| message));
        service.deliver(usize::from(together), usize::MAX);
        service.settle();
        service.check(&BTreeSet::from([1]), &BTreeSet::from([1]));
        service.count("select created_ms, received_ms from trace, batch")
    };
    let first = format!("[Integer({RECEIVED}), Integer({RECEIVED})]");
    for order in [[0, 1], [1, 0]] {
        for lost in [None, Some(0), Some(1)] {
            for together in [false, true] {
                assert_eq!(created(order, lost, together), first, "{order:?} {lost:?} {together}");
            }
        }
    }
}

#[test]
fn a_batch_that_cannot_be_written_is_recorded_and_written_when_it_can() {
    let mut service = Service::new(Vec::new());
    assert!(service.send(1, usize::MAX));
    let message = service.queue.0.borrow()[0].clone();
    let taken = service.world.store.objects.borrow_mut().remove(&message.key).unwrap();
    service.deliver(0, usize::MAX);
    assert_eq!(service.dead.0.borrow().len(), 1);
    let bury = |message: &Message| {
        let (store, db) = (&service.world.store, &service.world.db);
        let delivery = Delivery { message: message.clone(), attempt: 1 };
        pollster::block_on(consume_dead(&[delivery], &|| RECEIVED, FORMATS, store, db))[0].clone()
    };
    for _ in 0..2 {
        assert!(matches!(bury(&message), Outcome::Bury { .. }));
    }
    let letters = "select batch, reason, attempts from dead_letter";
    assert!(service.count(letters).contains("not in R2"), "{}", service.count(letters));
    assert_eq!(service.count("select dead_lettered from stat"), "[Integer(1)]");

    // A dead letter is not swept; it waits to be replayed.
    service.world.store.objects.borrow_mut().insert(message.key.clone(), taken);
    service.settle();
    assert_eq!(service.count("select count(*) from span"), "[Integer(0)]");
    service.queue.0.borrow_mut().push(message);
    service.deliver(0, usize::MAX);
    service.check(&BTreeSet::from([1]), &BTreeSet::from([1]));
    assert_eq!(service.count(letters), "");
}
