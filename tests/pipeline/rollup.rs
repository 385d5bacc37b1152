//! What deliveries added to the hourly rollup is added up by the cron: each once, whoever runs
//! it, however often, and wherever it is stopped.

use std::cell::RefCell;

use crate::common::flaky::{CallFault, Flaky, run_for};
use crate::common::{PROJECT, RECEIVED, World, body};
use edgespan::pipeline::rollup::{RolledUp, roll_up};
use futures_util::future::join;
use pollster::block_on;
use sim::state::find_miscounted;

const LATER: i64 = RECEIVED + 10 * 60_000;

fn call(trace: usize, hour: usize, model: &str) -> String {
    let (day, hour) = (1 + hour / 24, hour % 24);
    format!(
        r#"{{"type":"span-create","body":{{"traceId":"t{trace}","id":"s{trace}","name":"n","type":"LLM","model":"{model}",
        "cost":0.25,"usage":{{"promptTokens":{trace}}},
        "startTime":"2026-03-{day:02}T{hour:02}:10:00Z","endTime":"2026-03-{day:02}T{hour:02}:10:01Z"}}}}"#
    )
}

/// Two projects with a delivery of 30 hours each, and one of a single hour.
fn filled() -> World {
    let world = World::new();
    let many: Vec<_> = (0..60).map(|n| call(n, n / 2, ["a", "b"][n % 2])).collect();
    for (project, events) in [(PROJECT, &many[..]), ("p2", &many), (PROJECT, &[call(9, 3, "c")])] {
        world.deliver(project, &body(events));
    }
    world
}

fn waiting(world: &World) -> usize {
    world.db.texts("select cast(key as text) from delivery").len()
}

/// Runs it until nothing waits.
fn run_to_end(world: &World) {
    for _ in 0..9 {
        block_on(roll_up(LATER, &world.db)).unwrap();
    }
    assert_eq!(waiting(world), 0);
    assert_eq!(find_miscounted(&world.db), [""; 0]);
    let rows = "select hours || ' ' || count(*) from usage group by project, hours order by 1";
    assert_eq!(world.db.texts(rows), ["1 30", "1 30", "24 2", "24 2"]);
}

#[test]
fn each_delivery_is_added_up_once() {
    let world = filled();
    assert_eq!(waiting(&world), 3);
    // They wait for others first.
    assert_eq!(block_on(roll_up(RECEIVED, &world.db)).unwrap(), RolledUp::default());
    run_to_end(&world);
    // What comes later is added to what there is, and again when it is something else.
    for model in ["a", "d"] {
        world.deliver(PROJECT, &body(&[call(9, 3, model)]));
        run_to_end(&world);
    }
    let done = block_on(roll_up(LATER, &world.db)).unwrap();
    assert_eq!(done, RolledUp::default());
}

#[test]
fn wherever_a_run_is_stopped_the_next_goes_on() {
    for steps in 0.. {
        let world = filled();
        let plan = RefCell::new(Vec::new());
        let done = run_for(steps, roll_up(LATER, &Flaky::new(&world.db, &plan)));
        assert_eq!(find_miscounted(&world.db), [""; 0], "{steps}");
        run_to_end(&world);
        if done.is_some() {
            assert!(steps > 20, "{steps}");
            break;
        }
    }
}

#[test]
fn whichever_call_fails_or_loses_its_reply_the_next_run_goes_on() {
    for fault in [CallFault::Before, CallFault::After] {
        for call in 0.. {
            let world = filled();
            let plan = RefCell::new(vec![CallFault::None; call]);
            plan.borrow_mut().insert(0, fault);
            let done = block_on(roll_up(LATER, &Flaky::new(&world.db, &plan)));
            assert_eq!(find_miscounted(&world.db), [""; 0], "{fault:?} of call {call}");
            run_to_end(&world);
            if done.is_ok() {
                assert!(call > 10 && !plan.borrow().is_empty(), "{fault:?} of call {call}");
                break;
            }
        }
    }
}

#[test]
fn of_two_that_run_at_once_one_adds_up() {
    let alone = block_on(roll_up(LATER, &filled().db)).unwrap();
    let world = filled();
    let plan = RefCell::new(Vec::new());
    let flaky = Flaky::new(&world.db, &plan);
    let (a, b) = block_on(join(roll_up(LATER, &flaky), roll_up(LATER, &flaky)));
    assert_eq!([a.unwrap(), b.unwrap()], [alone, RolledUp::default()]);
    run_to_end(&world);
}

#[test]
fn a_row_that_is_damaged_holds_up_its_own_project_alone() {
    let waiting = "select distinct n.project from delivery as d
        join tenant as n on n.number = d.key >> 48 order by 1";
    let world = filled();
    run_to_end(&world);
    for (trace, damage) in [
        (60, "update usage set models = x'ff' where project = (select min(project) from usage)"),
        (61, "update delivery set usage = x'ff' where key = (select min(key) from delivery)"),
    ] {
        for project in [PROJECT, "p2"] {
            world.deliver(project, &body(&[call(trace, 3, "a")]));
        }
        world.db.0.borrow().execute(damage, []).unwrap();
        assert_eq!(world.db.texts(waiting), [PROJECT, "p2"]);
        let done = block_on(roll_up(LATER, &world.db)).unwrap();
        assert_eq!((done.deliveries, done.rows, &*done.damaged), (1, 2, &[PROJECT.to_owned()][..]));
        assert_eq!(world.db.texts(waiting), [PROJECT]);
    }
}

#[test]
fn an_hour_keeps_a_bounded_number_of_values_and_their_sum() {
    let world = World::new();
    for from in [0, 700] {
        let calls: Vec<_> =
            (from..from + 700).map(|n| call(n, 0, &format!("model {}", n % 900))).collect();
        world.deliver(PROJECT, &body(&calls));
        block_on(roll_up(LATER, &world.db)).unwrap();
    }
    let row = "select json_array(json_array(hours, hour), version,
        json_array(hex(models), hex(names), hex(users), hex(tags), hex(errors))) from usage where hours = 24";
    let row = edgespan::index::rollups::read_usage(&world.db.texts(row)).unwrap().remove(0);
    let models = &row.columns[0];
    let kept: i64 = models.cells.values().map(|sums| sums.count).sum();
    assert_eq!((models.cells.len(), kept + models.other.count), (500, 1_400));
    assert_eq!(waiting(&world), 0);
}
