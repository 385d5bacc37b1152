//! Limits of traces a month: where projects stand, whose batches are refused, and alerts,
//! each once, whoever runs when and whatever their receiver does.

use std::cell::RefCell;

use crate::common::World;
use edgespan::error::Fault;
use edgespan::index::{Database, quota as statements};
use edgespan::outbound::{Outbound, OutboundReply, Post};
use edgespan::pipeline::quota::{QuotaSettings, QuotasChecked, check};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::Value;

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
/// 2026-11-01T00:00:00Z and a month later.
const NOVEMBER: i64 = 1_793_491_200_000;
const DECEMBER: i64 = NOVEMBER + 30 * 24 * HOUR;
const URL: &str = "https://hooks.example/secret";

/// A receiver that answers with what it is told to, and with 200 when that is used up.
#[derive(Default)]
struct Receiver {
    answers: RefCell<Vec<Option<u16>>>,
    alerts: RefCell<Vec<Value>>,
}

impl Outbound for Receiver {
    async fn post(&self, post: Post<'_>) -> Result<OutboundReply, Fault> {
        assert_eq!(post.url, URL);
        let answer = self.answers.borrow_mut().pop().unwrap_or(Some(200));
        let Some(status) = answer else {
            return Err(Fault::Unavailable { what: "outbound request", why: "no reply".into() });
        };
        if status == 200 {
            self.alerts.borrow_mut().push(serde_json::from_str(post.body).unwrap());
        }
        Ok(OutboundReply { status, retry_after: None, body: Some(Vec::new()) })
    }
}

impl Receiver {
    /// The alerts that it took.
    fn took(&self) -> Vec<(String, u64)> {
        let alerts = self.alerts.borrow();
        let of = |alert: &Value| {
            (alert["project"].as_str().unwrap().to_owned(), alert["percent"].as_u64().unwrap())
        };
        alerts.iter().map(of).collect()
    }
}

fn world() -> World {
    let world = World::new();
    run(
        &world,
        "insert into project (id, name, created_ms) values ('a', 'shop', 1), ('b', 'other', 1)",
    );
    world
}

fn run(world: &World, sql: &str) {
    world.db.execute(sql);
}

fn add(world: &World, project: &str, at: i64, traces: i64) {
    let hour = at - at % HOUR;
    run(
        world,
        &format!(
            "insert into stat (project, hour_ms, traces) values ('{project}', {hour}, {traces})
             on conflict (project, hour_ms) do update set traces = traces + excluded.traces"
        ),
    );
}

fn settings(limit: &str, mode: &str) -> QuotaSettings {
    QuotaSettings::read(Some(limit), Some(mode), Some(URL)).unwrap().unwrap()
}

fn check_at(world: &World, settings: &QuotaSettings, now: i64, to: &Receiver) -> QuotasChecked {
    block_on(check(settings, now, &world.db, to)).unwrap()
}

fn blocked(world: &World) -> Vec<String> {
    world.db.texts("select id || ' ' || blocked_until_ms from project where blocked_until_ms > 0")
}

#[test]
fn an_alert_at_80_and_one_at_100_percent_once_a_month_and_project() {
    let (world, receiver, warn) = (world(), Receiver::default(), settings("100", "warn"));
    let mut now = NOVEMBER + 5 * MINUTE;
    add(&world, "b", now, 5);
    for (traces, took) in [(79, 0), (1, 1), (0, 1), (19, 1), (1, 2), (500, 2)] {
        add(&world, "a", now, traces);
        for _ in 0..2 {
            check_at(&world, &warn, now, &receiver);
            assert_eq!(receiver.took().len(), took, "{traces}");
            now += 40 * MINUTE;
        }
    }
    assert_eq!(receiver.took(), [("shop".to_owned(), 80), ("shop".to_owned(), 100)]);
    let text = receiver.alerts.borrow()[0]["text"].as_str().unwrap().to_owned();
    assert_eq!(
        text,
        "Edgespan: project shop has reached 80 % of its 100 traces for 2026-11: 80 so far."
    );
    assert_eq!(blocked(&world), [""; 0]);

    // A month later it begins anew.
    check_at(&world, &warn, DECEMBER, &receiver);
    assert_eq!(receiver.took().len(), 2);
    add(&world, "a", DECEMBER, 100);
    check_at(&world, &warn, DECEMBER + MINUTE, &receiver);
    assert_eq!(receiver.took().len(), 4);
}

#[test]
fn an_alert_that_was_not_taken_is_sent_again_until_it_is() {
    let (world, receiver, warn) = (world(), Receiver::default(), settings("100", "warn"));
    add(&world, "a", NOVEMBER, 100);
    // The last is the first.
    receiver.answers.replace(vec![Some(500), Some(302), Some(404), None]);
    for minute in 1..=4 {
        let checked = check_at(&world, &warn, NOVEMBER + minute * MINUTE, &receiver);
        assert_eq!((checked.alerts.len(), checked.failed.len()), (0, 1), "{minute}");
        assert!(!checked.failed[0].1.contains("secret"));
    }
    let checked = check_at(&world, &warn, NOVEMBER + 5 * MINUTE, &receiver);
    assert_eq!(checked.alerts, [("a".to_owned(), 80), ("a".to_owned(), 100)]);
    assert_eq!(check_at(&world, &warn, NOVEMBER + 6 * MINUTE, &receiver), QuotasChecked::default());
}

#[test]
fn who_sends_an_alert_is_waited_for_and_who_is_gone_is_not() {
    let (world, receiver, warn) = (world(), Receiver::default(), settings("100", "warn"));
    add(&world, "a", NOVEMBER, 80);
    // Another run has set out to send it, and never comes back.
    let select = statements::select(NOVEMBER, DECEMBER, NOVEMBER + MINUTE);
    block_on(world.db.run(select.into())).unwrap();
    let claim = || statements::claim("a", NOVEMBER, 80, NOVEMBER + MINUTE);
    let claimed = block_on(world.db.run(vec![claim(), claim()])).unwrap().rows;
    assert_eq!((claimed[0].len(), claimed[1].len()), (1, 0));
    for (minute, took) in [(1, 0), (2, 0), (3, 0), (4, 1), (5, 1)] {
        check_at(&world, &warn, NOVEMBER + minute * MINUTE, &receiver);
        assert_eq!(receiver.took().len(), took, "{minute}");
    }
}

#[test]
fn batches_are_refused_while_the_limit_is_passed_and_no_longer() {
    let (world, receiver) = (world(), Receiver::default());
    let at = NOVEMBER + MINUTE;
    add(&world, "a", at, 99);
    add(&world, "b", at, 3);
    check_at(&world, &settings("100", "block"), at, &receiver);
    assert_eq!(blocked(&world), [""; 0]);
    add(&world, "a", at, 1);
    let checked = check_at(&world, &settings("100", "block"), at, &receiver);
    assert_eq!((checked.blocked, blocked(&world)), (1, vec![format!("a {DECEMBER}")]));
    let last = receiver.alerts.borrow().last().cloned().unwrap();
    assert!(last["text"].as_str().unwrap().ends_with("refused until 2026-12-01 (UTC)."), "{last}");
    // What stands already is not written again.
    let changes = world.db.changes();
    check_at(&world, &settings("100", "block"), at + MINUTE, &receiver);
    assert_eq!(world.db.changes(), changes);
    for (limit, mode) in [("101", "block"), ("100", "warn")] {
        check_at(&world, &settings("100", "block"), at, &receiver);
        check_at(&world, &settings(limit, mode), at, &receiver);
        assert_eq!(blocked(&world), [""; 0], "{limit} {mode}");
    }
    check_at(&world, &settings("100", "block"), DECEMBER, &receiver);
    assert_eq!(blocked(&world), [""; 0]);
}

#[test]
fn a_run_reads_a_handful_of_hours_whatever_the_month_has() {
    let (world, receiver, warn) = (world(), Receiver::default(), settings("1000000", "warn"));
    let now = NOVEMBER + 20 * 24 * HOUR + 30 * MINUTE;
    for hour in 0..20 * 24 {
        add(&world, "a", NOVEMBER + hour * HOUR, 1);
    }
    check_at(&world, &warn, now, &receiver);
    let left = "select count(*) from stat as s join quota as q on q.project = s.project
        where s.hour_ms >= q.settled_ms";
    assert_eq!(world.db.dump(left), ["[Integer(1)]"]);
    let changes = world.db.changes();
    check_at(&world, &warn, now + MINUTE, &receiver);
    assert_eq!(world.db.changes(), changes);
}

proptest! {
    /// Whenever runs come, in whatever order their clocks have them, they see all traces.
    #[test]
    fn whenever_it_runs_all_traces_of_the_month_are_seen(
        steps in prop::collection::vec((0..200_i64, -3..30_i64, 0..100_i64), 1..30),
    ) {
        let (world, receiver, warn) = (world(), Receiver::default(), settings("1000000", "warn"));
        let (mut now, mut all) = (NOVEMBER, 0);
        for (minutes, traces, back) in steps {
            now = (now + minutes * MINUTE).min(DECEMBER - 1);
            add(&world, "a", now, traces);
            all += traces;
            check_at(&world, &warn, (now - back * MINUTE).max(NOVEMBER), &receiver);
            let select = statements::select(NOVEMBER, DECEMBER, now);
            let rows = block_on(world.db.run(select.into())).unwrap().rows;
            let found = statements::read(&rows).unwrap();
            let of_a = found.iter().find(|of| of.project == "a").unwrap();
            prop_assert_eq!(i64::try_from(of_a.traces).unwrap(), all.max(0));
        }
    }
}
