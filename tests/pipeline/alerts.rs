//! Alerts: what each kind measures, and that each state is told once, whoever runs when, whatever
//! fails and whatever their receiver does.

use std::cell::{Cell, RefCell};

use crate::common::flaky::{CallFault, Flaky, run_for};
use crate::common::{PROJECT, World, body};
use edgespan::alerts::check::{AlertsChecked, check};
use edgespan::alerts::rule::Allowed;
use edgespan::api::{Asked, Manage, manage_alerts};
use edgespan::error::Fault;
use edgespan::index::{Database, QueryResults, Statement};
use edgespan::outbound::{Outbound, OutboundReply, Post};
use edgespan::pipeline::rollup::roll_up;
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// 2026-11-22T06:00:00Z, in which hour all batches of tests are received.
const SIX: i64 = 1_795_327_200_000;
const URL: &str = "https://hooks.example/secret";

fn allowed() -> Allowed {
    Allowed { hosts: "hooks.example".into(), is_local: false }
}

/// What a receiver does with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Takes,
    /// Takes it, and its reply is lost.
    Loses,
    Refuses,
    IsAway,
}

/// A receiver that does as it is told, and takes what comes when that is used up.
#[derive(Default)]
struct Receiver {
    answers: RefCell<Vec<Answer>>,
    took: RefCell<Vec<(String, Value)>>,
}

impl Outbound for Receiver {
    async fn post(&self, post: Post<'_>) -> Result<OutboundReply, Fault> {
        assert_eq!(post.url, URL);
        let answer = self.answers.borrow_mut().pop().unwrap_or(Answer::Takes);
        if matches!(answer, Answer::Takes | Answer::Loses) {
            let id = post.headers.iter().find(|(name, _)| *name == "idempotency-key").unwrap().1;
            let body = serde_json::from_str(post.body).unwrap();
            self.took.borrow_mut().push((id.to_owned(), body));
        }
        if matches!(answer, Answer::Loses | Answer::IsAway) {
            return Err(Fault::Unavailable { what: "outbound request", why: "no reply".into() });
        }
        let status = if answer == Answer::Takes { 200 } else { 500 };
        Ok(OutboundReply { status, retry_after: None, body: Some(Vec::new()) })
    }
}

impl Receiver {
    /// The states of what it took, each id once.
    fn told(&self) -> Vec<String> {
        let mut told: Vec<(String, String)> = Vec::new();
        for (id, body) in self.took.borrow().iter() {
            if told.iter().all(|(known, _)| known != id) {
                told.push((id.clone(), body["state"].as_str().unwrap().to_owned()));
            }
        }
        told.into_iter().map(|(_, state)| state).collect()
    }
}

fn world() -> World {
    let world = World::new();
    run(
        &world,
        &format!(
            "insert into project (id, name, created_ms) values ('{PROJECT}', 'shop', 1), ('p2', 'other', 1)"
        ),
    );
    world
}

fn run(world: &World, sql: &str) {
    world.db.0.borrow().execute_batch(sql).unwrap();
}

fn make(world: &World, said: &Value) -> Result<Value, String> {
    let defaults = json!({ "name": "n", "url": URL });
    let mut all = defaults.as_object().unwrap().clone();
    all.extend(said.as_object().unwrap().clone());
    let body = Value::Object(all).to_string();
    let random = u32::try_from(world.db.dump("select 1 from alert").len()).unwrap();
    let asked = Asked { project: PROJECT, query: "", body: body.as_bytes(), now: SIX, random };
    let made = block_on(manage_alerts(&Manage::Create, asked, &allowed(), &world.db));
    Ok(serde_json::from_str(&made.map_err(|error| format!("{error:?}"))?).unwrap())
}

fn check_at(world: &World, now: i64, to: &Receiver) -> AlertsChecked {
    block_on(check(now, &allowed(), &world.db, to)).unwrap()
}

/// Dead letters that there are from now on.
fn letters(world: &World, count: usize) {
    run(world, "delete from dead_letter");
    for n in 0..count {
        run(
            world,
            &format!("insert into dead_letter values ('{PROJECT}', 'b{n}', 'o', 'w', 1, 1)"),
        );
    }
}

/// A trace that started at a time, took so long, and failed or not.
fn trace(id: usize, start: i64, ms: i64, cost: f64, failed: bool) -> String {
    let at = |ms: i64| edgespan::time::with_millis(ms * 1_000);
    let status = if failed { "ERROR" } else { "OK" };
    format!(
        r#"{{"type":"span-create","body":{{"traceId":"t{id}","id":"s","name":"n","type":"LLM","model":"m","cost":{cost},
        "status":"{status}","startTime":"{}","endTime":"{}"}}}}"#,
        at(start),
        at(start + ms)
    )
}

#[test]
fn each_kind_fires_by_what_there_is() {
    let world = world();
    let events: Vec<String> = (0..20).map(|n| trace(n, SIX + MINUTE, 1_000, 0.5, n < 4)).collect();
    world.deliver(PROJECT, &body(&events));
    let scores: Vec<String> =
        (0..11).map(|n| format!(r#"{{"traceId":"t{n}","name":"quality","value":0.4}}"#)).collect();
    world.deliver_as("scores.json", PROJECT, &format!(r#"{{"scores":[{}]}}"#, scores.join(",")));
    run(&world, &format!("update score set at_us = {}", (SIX + MINUTE) * 1_000));
    // One that is dated ahead does not count yet.
    run(
        &world,
        "update score set at_us = 4e15, value = '9' where id = (select min(id) from score)",
    );
    block_on(roll_up(SIX + 40 * MINUTE, &world.db)).unwrap();
    letters(&world, 2);
    let quality = |least: f64| json!({ "kind": "evaluatorAverage", "evaluator": "quality", "threshold": least });
    for (said, fires, amount) in [
        (json!({ "kind": "errorRate", "threshold": 0.2 }), true, "error rate 20.0 % in the hour"),
        (json!({ "kind": "errorRate", "threshold": 0.21 }), false, ""),
        // Of too few nothing is said.
        (json!({ "kind": "errorRate", "threshold": 0.2, "minCount": 21 }), false, ""),
        (
            json!({ "kind": "cost", "threshold": 10, "period": "day" }),
            true,
            "cost $10.00 in the day",
        ),
        (json!({ "kind": "cost", "threshold": 10.01, "period": "hour" }), false, ""),
        (json!({ "kind": "p95Duration", "threshold": 900 }), true, "p95 duration"),
        (json!({ "kind": "p95Duration", "threshold": 1_500 }), false, ""),
        (quality(0.5), true, "average score 0.40"),
        (quality(0.4), false, ""),
        (json!({ "kind": "evaluatorAverage", "evaluator": "other", "threshold": 0.5 }), false, ""),
        (json!({ "kind": "noTraces", "threshold": 39 }), true, "no traces for 39 minutes"),
        (json!({ "kind": "noTraces", "threshold": 40 }), false, ""),
        (json!({ "kind": "deadLetters", "threshold": 2 }), true, "dead letters 2"),
        (json!({ "kind": "deadLetters", "threshold": 3 }), false, ""),
    ] {
        run(&world, "delete from alert");
        make(&world, &said).unwrap();
        let receiver = Receiver::default();
        check_at(&world, SIX + 40 * MINUTE, &receiver);
        let took = receiver.took.borrow();
        assert_eq!(took.len(), usize::from(fires), "{said}");
        if let Some((_, told)) = took.first() {
            let text = told["text"].as_str().unwrap();
            assert!(text.contains(amount), "{text}");
            assert_eq!((&told["kind"], &told["projectId"]), (&said["kind"], &json!(PROJECT)));
        }
    }
}

#[test]
fn a_project_without_traces_is_quiet_from_the_making_of_its_rule_on() {
    let (world, receiver) = (world(), Receiver::default());
    make(&world, &json!({ "kind": "noTraces", "threshold": 40 })).unwrap();
    make(&world, &json!({ "kind": "deadLetters", "threshold": 1 })).unwrap();
    letters(&world, 1);
    for (minute, told) in [(39, 1), (40, 2)] {
        check_at(&world, SIX + minute * MINUTE, &receiver);
        assert_eq!(receiver.took.borrow().len(), told, "{minute}");
    }
}

#[test]
fn what_ended_an_hour_is_still_seen_when_it_is_added_up() {
    let world = world();
    make(&world, &json!({ "kind": "cost", "threshold": 1 })).unwrap();
    world.deliver(PROJECT, &body(&[trace(1, SIX - MINUTE, 10, 2.0, false)]));
    block_on(roll_up(SIX + 40 * MINUTE, &world.db)).unwrap();
    let receiver = Receiver::default();
    check_at(&world, SIX + 14 * MINUTE, &receiver);
    check_at(&world, SIX + 16 * MINUTE, &receiver);
    assert_eq!(receiver.told(), ["firing", "recovered"]);
}

#[test]
fn it_is_sent_once_again_after_the_cooldown_and_once_when_it_is_over() {
    let (world, receiver) = (world(), Receiver::default());
    make(&world, &json!({ "kind": "deadLetters", "threshold": 1, "cooldownMinutes": 30 })).unwrap();
    let mut told = Vec::new();
    for (minute, count) in [
        (0, 0),
        (1, 1),
        (2, 1),
        (30, 1),
        (31, 1),
        (32, 2),
        (33, 0),
        (34, 0),
        // Firing again within the cooldown is not told, nor that it is over.
        (35, 1),
        (36, 0),
        (37, 0),
        (40, 1),
        (61, 1),
        (62, 0),
    ] {
        letters(&world, count);
        check_at(&world, SIX + minute * MINUTE, &receiver);
        told.push((minute, receiver.told().len()));
    }
    assert_eq!(receiver.told(), ["firing", "firing", "recovered", "firing", "recovered"]);
    let at: Vec<i64> = told.windows(2).filter(|w| w[0].1 < w[1].1).map(|w| w[1].0).collect();
    assert_eq!(at, [1, 31, 33, 61, 62]);
}

#[test]
fn a_receiver_that_fails_and_recovers_is_told_once() {
    let (world, receiver) = (world(), Receiver::default());
    make(&world, &json!({ "kind": "deadLetters", "threshold": 1, "format": "slack" })).unwrap();
    letters(&world, 1);
    receiver.answers.replace(vec![Answer::Refuses, Answer::IsAway, Answer::Refuses]);
    let mut tries = Vec::new();
    for minute in 0..20 {
        let AlertsChecked { sent, failed } = check_at(&world, SIX + minute * MINUTE, &receiver);
        tries.extend(failed.iter().map(|(.., why)| (minute, why.clone())));
        tries.extend(sent.iter().map(|(.., state)| (minute, state.clone())));
    }
    let minutes: Vec<i64> = tries.iter().map(|(minute, _)| *minute).collect();
    assert_eq!(minutes, [0, 1, 3, 7]);
    assert!(tries.iter().all(|(_, why)| !why.contains("secret")));
    let took = receiver.took.borrow();
    assert_eq!(took.len(), 1);
    assert_eq!(took[0].1.as_object().unwrap().len(), 1, "{}", took[0].1);
}

#[test]
fn projects_without_rules_cost_one_read_of_nothing() {
    struct Listening<'a>(&'a World, RefCell<Vec<String>>);
    impl Database for Listening<'_> {
        async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
            let texts = statements.iter().map(|s| format!("{} {:?}", s.sql, s.params));
            self.1.borrow_mut().extend(texts);
            self.0.db.run(statements).await
        }
    }
    let (world, receiver) = (world(), Receiver::default());
    world.deliver("p2", &body(&[trace(1, SIX, 1, 1.0, true)]));
    let changes = || world.db.0.borrow().total_changes();
    let before = changes();
    let db = Listening(&world, RefCell::default());
    block_on(check(SIX, &allowed(), &db, &receiver)).unwrap();
    assert_eq!(db.1.take().len(), 1);
    // With a rule of another, nothing of its is read, and nothing is written while all is well.
    make(&world, &json!({ "kind": "cost", "threshold": 1 })).unwrap();
    make(&world, &json!({ "kind": "errorRate", "threshold": 1 })).unwrap();
    let made = changes();
    assert_eq!(made - before, 2);
    block_on(check(SIX + 20 * MINUTE, &allowed(), &db, &receiver)).unwrap();
    let ran = db.1.take();
    // The rules, and one read of the hour for both of them.
    assert_eq!(ran.len(), 2);
    assert!(ran[1].contains(PROJECT) && ran.iter().all(|sql| !sql.contains("p2")), "{ran:?}");
    assert_eq!(changes(), made);
}

#[test]
fn wherever_a_run_fails_or_is_stopped_each_state_is_told_once() {
    for steps in 0..8 {
        for fault in [CallFault::None, CallFault::Before, CallFault::After] {
            let (world, receiver) = (world(), Receiver::default());
            make(&world, &json!({ "kind": "deadLetters", "threshold": 1 })).unwrap();
            let mut now = SIX;
            for count in [1, 0] {
                letters(&world, count);
                let plan = RefCell::new(vec![CallFault::None; 30]);
                plan.borrow_mut().insert(30 - steps, fault);
                let flaky = Flaky::new(&world.db, &plan);
                // Cut off there where there is no fault.
                let most = if fault == CallFault::None { 2 * steps + 1 } else { 1_000 };
                let _ = run_for(most, check(now, &allowed(), &flaky, &receiver));
                for _ in 0..5 {
                    now += MINUTE;
                    check_at(&world, now, &receiver);
                }
            }
            assert_eq!(receiver.told(), ["firing", "recovered"], "{steps} {fault:?}");
            // Only where a receiver's word got lost is it sent twice, and by the same id.
            assert!(receiver.took.borrow().len() <= 4);
        }
    }
}

#[test]
fn a_rule_that_is_switched_off_or_whose_host_is_no_longer_allowed_sends_nothing() {
    let (world, receiver) = (world(), Receiver::default());
    let id = make(&world, &json!({ "kind": "deadLetters", "threshold": 1 })).unwrap()["id"].clone();
    letters(&world, 1);
    let none = Allowed { hosts: "other.example".into(), is_local: false };
    let checked = block_on(check(SIX, &none, &world.db, &receiver)).unwrap();
    assert!(checked.failed[0].2.contains("ALERT_HOSTS"), "{checked:?}");
    let change = |said: &[u8], now: i64| {
        let asked = Asked { project: PROJECT, query: "", body: said, now, random: 0 };
        let question = Manage::Update(id.as_str().unwrap().to_owned());
        block_on(manage_alerts(&question, asked, &allowed(), &world.db)).unwrap()
    };
    let off = change(br#"{"enabled":false}"#, SIX + 1);
    assert!(off.contains(r#""state":"ok""#) && !off.contains("secret"), "{off}");
    assert_eq!(check_at(&world, SIX + 5 * MINUTE, &receiver), AlertsChecked::default());
    change(br#"{"enabled":true}"#, SIX + 2);
    check_at(&world, SIX + 6 * MINUTE, &receiver);
    assert_eq!(receiver.told(), ["firing"]);
}

#[test]
fn what_cannot_be_a_rule_is_refused_with_where() {
    let world = world();
    for (said, why) in [
        (json!({ "threshold": 1 }), "kind"),
        (json!({ "kind": "cost" }), "threshold"),
        (json!({ "kind": "load", "threshold": 1 }), "body"),
        (json!({ "kind": "cost", "threshold": 1, "extra": 1 }), "body"),
        (json!({ "kind": "errorRate", "threshold": 2 }), "threshold"),
        (json!({ "kind": "evaluatorAverage", "threshold": 0.5 }), "evaluator"),
        (json!({ "kind": "cost", "evaluator": "e", "threshold": 1 }), "evaluator"),
        (json!({ "kind": "noTraces", "period": "day", "threshold": 1 }), "period"),
        (json!({ "kind": "cost", "threshold": 1, "cooldownMinutes": -1 }), "cooldownMinutes"),
        (json!({ "kind": "cost", "threshold": 1, "url": "http://hooks.example/" }), "url"),
        (json!({ "kind": "cost", "threshold": 1, "url": "https://elsewhere.example/" }), "url"),
    ] {
        let refused = make(&world, &said).unwrap_err();
        assert!(refused.contains(why), "{said}: {refused}");
    }
    for n in 0..21 {
        let made = make(&world, &json!({ "kind": "cost", "threshold": 1 }));
        assert_eq!(made.is_ok(), n < 20, "{made:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// What a receiver knows, as soon as it is there and it was told what there is to tell, is
    /// how things stand; and nothing is told twice by other ids.
    #[test]
    fn whatever_happens_a_receiver_knows_in_the_end(
        minutes in prop::collection::vec((0..3_usize, 0..4_usize, 0..10_usize, 0..3_usize), 1..30),
        last in prop::bool::ANY,
    ) {
        let (world, receiver) = (world(), Receiver::default());
        make(&world, &json!({ "kind": "deadLetters", "threshold": 1, "cooldownMinutes": 0 })).unwrap();
        let now = Cell::new(SIX);
        for (count, answer, at, fault) in minutes {
            letters(&world, count);
            let all = [Answer::Takes, Answer::Loses, Answer::Refuses, Answer::IsAway];
            receiver.answers.replace(vec![all[answer]]);
            let mut calls = vec![CallFault::None; 12];
            calls[11 - at] = [CallFault::None, CallFault::Before, CallFault::After][fault];
            let plan = RefCell::new(calls);
            let flaky = Flaky::new(&world.db, &plan);
            let _ = block_on(check(now.get(), &allowed(), &flaky, &receiver));
            now.set(now.get() + MINUTE);
        }
        receiver.answers.take();
        letters(&world, usize::from(last));
        for _ in 0..3 {
            now.set(now.get() + HOUR);
            check_at(&world, now.get(), &receiver);
        }
        let told = receiver.told();
        let state = told.last().map(String::as_str);
        prop_assert!(state == Some(if last { "firing" } else { "recovered" })
            || !last && state.is_none(), "{:?}", told);
        for (id, body) in receiver.took.borrow().iter() {
            prop_assert_eq!(body["id"].as_str(), Some(id.as_str()));
        }
    }
}
