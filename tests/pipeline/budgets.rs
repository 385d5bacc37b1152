//! What is spent of budgets: what the traces come to that started since each was made, in any
//! order, repetition and replay, in the transactions that write them; and what is left, in one
//! read.

use std::cell::{Cell, RefCell};

use crate::common::flaky::{CallFault, Flaky};
use crate::common::{PROJECT, RECEIVED, World, body};
use crate::commute::scenario;
use edgespan::api::{Asked, Manage, budgets_left, manage_budgets};
use edgespan::batch::{BatchRef, RawStore};
use edgespan::error::Fault;
use edgespan::index::{Database, QueryResults, Statement};
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::Message;
use edgespan::pipeline::verify::forget::{ForgetRequest, forget};
use pollster::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2026-03-14T10:00:00Z: the second in which the earliest of the scenario's traces start.
const START: i64 = 1_773_482_400_000;
const DAY: i64 = 86_400_000;

fn make(world: &World, said: &Value, now: i64) -> Result<String, String> {
    let body = said.to_string();
    let random = u32::try_from(world.db.dump("select 1 from budget").len()).unwrap();
    let asked = Asked { project: PROJECT, query: "", body: body.as_bytes(), now, random };
    let made = block_on(manage_budgets(&Manage::Create, asked, &world.db));
    let made = made.map_err(|error| format!("{error:?}"))?;
    Ok(serde_json::from_str::<Value>(&made).unwrap()["id"].as_str().unwrap().to_owned())
}

/// A world whose project has a budget of each kind, made at a time.
fn with_budgets(now: i64) -> World {
    let world = World::new();
    let project = format!(
        "insert into project (id, name, created_ms) values ('{PROJECT}', 'shop', 1), ('p2', 'other', 1)"
    );
    world.db.0.borrow().execute_batch(&project).unwrap();
    for kind in ["project", "user", "session"] {
        for period in ["day", "month", "total"] {
            for subject in ["*", "session1", "u"] {
                let mut said =
                    json!({ "name": "n", "subjectKind": kind, "period": period, "limitUsd": 1 });
                if kind != "project" {
                    said["subject"] = subject.into();
                }
                make(&world, &said, now).unwrap();
            }
        }
    }
    world
}

/// What is spent, and what should be, by the rows of traces as they are.
fn spent(world: &World) -> (Vec<String>, Vec<String>) {
    let is = "select budget || ' ' || subject || ' ' || hour || ' ' || cost_nano || ' ' || tokens
        from spent where cost_nano <> 0 or tokens <> 0 order by 1";
    let should = "select id || ' ' || whose || ' ' || hour || ' ' || sum(cost) || ' ' || sum(spent) from (
            select b.id, b.subject, t.cost_nano as cost, t.tokens as spent,
              case b.subject_kind when 'project' then '' when 'user' then t.user else t.session end as whose,
              case b.period
                when 'day' then t.start_us / 86400000000 * 24
                when 'month' then unixepoch(t.start_us / 1000000, 'unixepoch', 'start of month') / 3600
                else 0 end as hour
            from budget as b join tenant as n on n.project = b.project
            join trace as t on t.project = n.number and t.root_child <> 3
              and t.start_us >= b.created_ms * 1000)
        where whose is not null and subject in (whose, '*')
        group by id, whose, hour having sum(cost) <> 0 or sum(spent) <> 0 order by 1";
    (world.db.texts(is), world.db.texts(should))
}

fn assert_exact(world: &World) {
    let (is, should) = spent(world);
    assert_eq!(is, should);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Budgets are made before all of the traces started, or between them.
    #[test]
    fn any_split_order_and_repetition_spends_the_same(
        (events, places, order) in scenario(),
        after in -1..4_i64,
    ) {
        let made = START + after * 1_000;
        let (at_once, scattered) = (with_budgets(made), with_budgets(made));
        at_once.deliver(PROJECT, &body(&events));
        let part = |batch| -> Vec<String> {
            events.iter().zip(&places)
                .filter(|(_, (first, second))| *first == batch || *second == Some(batch))
                .map(|(event, _)| event.clone()).collect()
        };
        for batch in order.iter().chain(&order) {
            let part = part(*batch);
            if !part.is_empty() {
                scattered.deliver(PROJECT, &body(&part));
                assert_exact(&scattered);
            }
        }
        assert_exact(&at_once);
        prop_assert_eq!(spent(&scattered), spent(&at_once));
    }
}

/// Says whose a trace is, as clients of Langfuse do.
fn name_user(world: &World, trace: &str, user: &str, at: &str) {
    let said = json!({ "batch": [{
        "id": format!("{trace} {user}"), "type": "trace-create", "timestamp": at,
        "body": { "id": trace, "userId": user, "timestamp": edgespan::time::with_millis((START + 2) * 1_000) },
    }] });
    let done = world.deliver_as("langfuse.json", PROJECT, &said.to_string());
    assert!(matches!(done, Outcome::Ack(_)), "{done:?}");
}

fn call(trace: &str, cost: f64, start: i64) -> String {
    let at = edgespan::time::with_millis(start * 1_000);
    format!(
        r#"{{"type":"trace-create","body":{{"id":"{trace}","name":"n","startTime":"{at}"}}}},
        {{"type":"span-create","body":{{"traceId":"{trace}","id":"s","name":"n","type":"LLM","model":"m","cost":{cost},
        "usage":{{"promptTokens":7}},"startTime":"{at}","endTime":"{at}"}}}}"#
    )
}

#[test]
fn replaying_forgetting_and_moving_are_exact() {
    let world = with_budgets(START);
    let one = body(&[call("a", 0.25, START + 1), call("b", 0.5, START + 2)]);
    world.deliver(PROJECT, &one);
    name_user(&world, "a", "u", "2026-11-22T00:00:00Z");
    name_user(&world, "b", "v", "2026-11-22T00:00:00Z");
    assert_exact(&world);
    // Forgotten, it is taken off; written again, it is back.
    let before = spent(&world);
    let since = edgespan::time::with_millis(0);
    let request = ForgetRequest {
        since,
        project: PROJECT.into(),
        traces: vec!["a".into()],
        ..ForgetRequest::default()
    };
    block_on(forget(&request, RECEIVED, &world.db)).unwrap();
    assert_exact(&world);
    assert_ne!(spent(&world), before);
    world.deliver(PROJECT, &one);
    name_user(&world, "a", "u", "2026-11-22T00:00:00Z");
    assert_eq!(spent(&world), before);
    // Another user, another day, another price: all of it goes over.
    name_user(&world, "b", "w", "2027-01-01T00:00:00Z");
    assert_exact(&world);
    assert!(spent(&world).0.iter().any(|row| row.contains(" w ")));
    world.deliver(PROJECT, &body(&[call("b", 0.75, START - 3 * DAY)]));
    assert_exact(&world);
}

#[test]
fn a_delivery_whose_calls_fail_before_or_after_their_effect_spends_once() {
    for at in 0..6 {
        for fault in [CallFault::Before, CallFault::After] {
            let world = with_budgets(START);
            let one = body(&[call("a", 0.25, START + 1)]);
            let batch = BatchRef::of(PROJECT, one.as_bytes(), RECEIVED, "json");
            block_on(world.store.put(&batch.key(), &one.into_bytes())).unwrap();
            let delivery = Delivery { message: Message::of(&batch), attempt: 1 };
            let mut calls = vec![CallFault::None; 8];
            calls[7 - at] = fault;
            let plan = RefCell::new(calls);
            let flaky = Flaky::new(&world.db, &plan);
            for _ in 0..3 {
                let now = || RECEIVED;
                let some = std::slice::from_ref(&delivery);
                block_on(consume(some, &now, world.formats, &world.store, &flaky));
            }
            assert_exact(&world);
            assert!(!spent(&world).0.is_empty());
        }
    }
}

/// A database that counts calls, and statements that name a table.
struct Counting<'a>(&'a World, Cell<usize>, Cell<usize>);

impl Database for Counting<'_> {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        self.1.set(self.1.get() + 1);
        let spends = |statement: &&Statement| statement.sql.contains("insert into spent");
        self.2.set(self.2.get() + statements.iter().filter(spends).count());
        self.0.db.run(statements).await
    }
}

#[test]
fn a_project_without_budgets_writes_no_row_more_and_runs_no_statement_more_that_could() {
    let (with, without) = (with_budgets(START), World::new());
    let mut rows = Vec::new();
    for world in [&with, &without] {
        let one = body(&[call("a", 0.25, START + 1)]);
        let batch = BatchRef::of(PROJECT, one.as_bytes(), RECEIVED, "json");
        block_on(world.store.put(&batch.key(), &one.into_bytes())).unwrap();
        let delivery = [Delivery { message: Message::of(&batch), attempt: 1 }];
        let before = world.db.0.borrow().total_changes();
        let db = Counting(world, Cell::new(0), Cell::new(0));
        let outcome =
            block_on(consume(&delivery, &|| RECEIVED, world.formats, &world.store, &db)).remove(0);
        assert!(matches!(outcome, Outcome::Ack(_)));
        rows.push((world.db.0.borrow().total_changes() - before, db.1.get(), db.2.get()));
    }
    // The trace, the batch, the hour's counts, the project's number, the sums: of the others one
    // for each budget that applies.
    assert_eq!(rows, [(5 + 9, 2, 1), (5, 2, 0)]);
    // The read of budgets that there are none of goes to no row.
    let plan = "explain query plan select 1 from budget where project = 'p1'";
    let detail: String =
        without.db.0.borrow().query_row(plan, [], |row| row.get("detail")).unwrap();
    assert!(detail.starts_with("SEARCH budget USING PRIMARY KEY"), "{detail}");
}

#[test]
fn what_is_left_is_answered_in_one_read() {
    let world = with_budgets(START);
    let made = |said: Value| make(&world, &said, START).unwrap();
    let user = json!({ "name": "each user", "subjectKind": "user", "period": "day", "limitUsd": 0.2, "limitTokens": 5 });
    let session =
        json!({ "name": "s", "subjectKind": "session", "period": "total", "limitTokens": 100 });
    let (user, session) = (made(user), made(session));
    world.deliver(PROJECT, &body(&[call("a", 0.25, START + 1), call("b", 0.5, START + 2)]));
    name_user(&world, "a", "u", "2026-11-22T00:00:00Z");
    let ask = |query: &str, now: i64| -> Value {
        let db = Counting(&world, Cell::new(0), Cell::new(0));
        let left = block_on(budgets_left(PROJECT, query, now, &db)).unwrap();
        assert_eq!(db.1.get(), 1);
        serde_json::from_str(&left).unwrap()
    };
    let budget = |answer: &Value, id: &str| -> Value {
        let mut all = answer["budgets"].as_array().unwrap().iter();
        all.find(|budget| budget["id"] == id).cloned().unwrap_or_default()
    };
    let of_u = ask("user=u&session=new", START + 5_000);
    let is = budget(&of_u, &user);
    assert_eq!(is["spentUsd"], json!(0.25));
    assert_eq!((&is["leftUsd"], &is["leftTokens"]), (&json!(-0.05), &json!(-2)));
    assert_eq!(is["resetsAt"], "2026-03-15T00:00:00.000Z");
    assert_eq!(budget(&of_u, &session)["leftTokens"], json!(100));
    assert_eq!(budget(&of_u, &session)["resetsAt"], Value::Null);
    assert_eq!((&of_u["leftUsd"], &of_u["leftTokens"]), (&json!(-0.05), &json!(-2)));
    // The next day begins anew; who is not named has none but the project's.
    assert_eq!(budget(&ask("user=u", START + DAY), &user)["spentUsd"], json!(0.0));
    let of_project = ask("", START);
    assert_eq!(budget(&of_project, &user), Value::Null);
    assert_eq!(of_project["budgets"].as_array().unwrap().len(), 9);
    assert_eq!(of_project["leftUsd"], json!(0.25));
}

#[test]
fn what_cannot_be_a_budget_is_refused_with_where() {
    let world = with_budgets(START);
    for (said, why) in [
        (json!({ "name": "n", "period": "day", "limitUsd": 1 }), "subjectKind"),
        (json!({ "name": "n", "subjectKind": "project", "limitUsd": 1 }), "period"),
        (json!({ "name": "n", "subjectKind": "project", "period": "day" }), "limitUsd"),
        (json!({ "name": "", "subjectKind": "project", "period": "day", "limitUsd": 1 }), "name"),
        (
            json!({ "name": "n", "subjectKind": "project", "period": "day", "limitUsd": -1 }),
            "limitUsd",
        ),
        (
            json!({ "name": "n", "subjectKind": "project", "period": "day", "limitTokens": 1.5 }),
            "body",
        ),
        (json!({ "name": "n", "subjectKind": "team", "period": "day", "limitUsd": 1 }), "body"),
        (
            json!({ "name": "n", "subjectKind": "user", "subject": "", "period": "day", "limitUsd": 1 }),
            "subject",
        ),
        (
            json!({ "name": "n", "subjectKind": "project", "subject": "u", "period": "day", "limitUsd": 1 }),
            "subject",
        ),
    ] {
        let refused = make(&world, &said, START).unwrap_err();
        assert!(refused.contains(why), "{said}: {refused}");
    }
}
