//! One run of one seed, from an empty deployment to the last check; and the one batch
//! that is tried with a fault at every await.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use edgespan::admin;
use edgespan::admin::Command;
use edgespan::model::Millis;
use futures_util::FutureExt;
use serde_json::Value;

use crate::book::{Book, Project};
use crate::faults::{CallFault, Faults};
use crate::queue::MessageQueue;
use crate::state::dump;
use crate::workload::{Batch, Wire, program};
use crate::world::{BEGIN, MINUTE, World};
use crate::{check, clients, evaluations, machine};

/// How long after the faults the last batch may be indexed, in minutes, besides as long
/// again as they lasted: the sweeper waits twice as long each time that it queued a batch
/// in vain, and the queue up to twenty minutes.
const SETTLED_AFTER: i64 = 45;
/// The lengths of what faults last, in minutes.
const MINUTES: [i64; 4] = [2, 5, 15, 40];

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The seed.
    pub seed: u64,
    /// Invariants that did not hold.
    pub wrong: Vec<String>,
    /// A number that stands for everything that happened.
    pub digest: u64,
    /// The log, where it was asked for.
    pub lines: Vec<String>,
    /// How often what may happen did.
    pub sometimes: BTreeMap<&'static str, u64>,
    /// Traces that there were in the end, each compared with what was said of it.
    pub traces: usize,
    /// Batches that were acknowledged.
    pub acknowledged: usize,
    /// Calls to the platform.
    pub calls: u64,
}

/// Runs a seed.
#[must_use]
pub fn run(seed: u64, keep_log: bool) -> Ran {
    guarded(seed, keep_log, None, |world| {
        let minutes = *world.chance.pick(&MINUTES);
        let projects = world.chance.number(1..=3);
        let book = found_projects(world, projects);
        machine::start(world);
        evaluations::start(world);
        machine::start_chaos(world, minutes);
        if world.chance.one_in_thousand(200) {
            machine::leave_unreadable(world, &book.projects[0].id);
        }
        clients::start(world, &book, minutes);
        clients::start_reader(world, &book, minutes);
        if world.chance.one_in_thousand(300) {
            clients::start_operator(world, &book, minutes);
        }
        world.scheduler.run_until(BEGIN + minutes * MINUTE, &mut || false);
        world.stop_faults();
        wait_for_clients(world);
        settle(world, minutes + SETTLED_AFTER);
        settle_evaluations(world);
        check::check(world, &book);
        check::verify(world);
        repeat_everything(world);
        check::rebuild(world);
        book
    })
}

/// Runs one batch with these faults at these calls, by their number.
#[must_use]
pub fn run_script(script: &BTreeMap<u64, CallFault>, keep_log: bool) -> Ran {
    guarded(1, keep_log, Some(Faults::as_written(script.clone())), |world| {
        let book = found_projects(world, 1);
        machine::start(world);
        evaluations::start(world);
        let batch = one_batch(world);
        let (here, to) = (world.clone(), book.clone());
        clients::spawn(world, async move {
            let project = &to.projects[0];
            clients::retry(&here, &to, project, &project.keys[0].1, &batch).await;
        });
        world.scheduler.run_until(BEGIN + 5 * MINUTE, &mut || false);
        wait_for_clients(world);
        settle(world, SETTLED_AFTER);
        settle_evaluations(world);
        check::check(world, &book);
        check::verify(world);
        book
    })
}

/// A native batch: others have their formats from chance.
fn one_batch(world: &World) -> Rc<Batch> {
    (0..1_000)
        .flat_map(|n| program(&world.chance, n))
        .find(|batch| batch.wire == Wire::Native && batch.said.len() > 1)
        .unwrap()
}

fn guarded(
    seed: u64,
    keep_log: bool,
    faults: Option<Faults>,
    work: impl FnOnce(&Rc<World>) -> Rc<Book>,
) -> Ran {
    let world = World::new(seed, faults, keep_log);
    let ran = catch_unwind(AssertUnwindSafe(|| work(&world)));
    let traces = world.db.texts("select id from trace").len();
    let acknowledged = match ran {
        Ok(book) => book.acknowledged(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            world.violate(format!("a panic: {text}"));
            0
        }
    };
    let ran = Ran {
        seed,
        wrong: world.violations(),
        digest: world.log.digest(),
        lines: world.log.lines(),
        sometimes: world.log.counts(),
        acknowledged,
        traces,
        calls: world.faults.calls(),
    };
    // Tasks hold the world, and the world the tasks.
    world.scheduler.clear();
    ran
}

/// Projects with three keys each, made as the operator makes them.
fn found_projects(world: &Rc<World>, count: i64) -> Rc<Book> {
    let project = |n: i64| {
        let name = format!("project-{n}");
        let mut keys = Vec::new();
        for _ in 0..3 {
            let command = Command::CreateKey(name.clone());
            let random = world.chance.bytes();
            let made = admin::run(&command, br#"{"name":"key"}"#, &random, world.now(), &*world.db);
            let made: Value = serde_json::from_str(&made.now_or_never().unwrap().unwrap()).unwrap();
            let text = |field: &str| made[field].as_str().unwrap().to_owned();
            keys.push((text("id"), text("key")));
        }
        let id = format!("select id from project where name = '{name}'");
        let id = world.db.texts(&id).concat();
        // Where a queue loses messages a trace may be written of which there was no word; and
        // judgements are ordered by clocks.
        let may = world.chance.one_in_thousand(600);
        let is_judged = may && !world.batches.is_lossy() && !world.mixed;
        if is_judged {
            evaluations::set_up(world, &id);
        }
        Project { name, id, keys, is_judged }
    };
    Rc::new(Book::new((0..count).map(project).collect()))
}

/// Waits until no client has anything to send.
fn wait_for_clients(world: &Rc<World>) {
    let until = world.now() + 60 * MINUTE;
    world.scheduler.run_until(until, &mut || world.clients.get() == 0);
    if world.clients.get() > 0 {
        world.violate("a client that never ends".into());
    }
    // What they no longer wait for may be under way yet.
    world.scheduler.run_until(world.now() + 3 * MINUTE, &mut || false);
}

/// Waits until everything that R2 has is indexed: for so many minutes at most.
fn settle(world: &Rc<World>, minutes: Millis) {
    let stopped = world.now();
    for _ in 0..minutes {
        if check::unseen(world).is_empty() {
            break;
        }
        world.scheduler.run_until(world.now() + MINUTE, &mut || false);
    }
    let unseen = check::unseen(world);
    if !unseen.is_empty() {
        world.violate(format!("{minutes} minutes after the faults {unseen:?} are not indexed"));
    }
    world.note(format_args!("settled after {} ms", world.now() - stopped));
}

/// Waits until all is judged that is to be: nothing is on its way to the index any more, or
/// not for long, and none of what was written is still to be announced.
fn settle_evaluations(world: &Rc<World>) {
    let is_on_its_way = |queue: &MessageQueue| {
        queue.next_visible().is_some_and(|at| at < world.now() + 30 * MINUTE)
    };
    for _ in 0..120 {
        let owed = world.db.texts("select object from overdue where queued < 0");
        let moves = is_on_its_way(&world.batches) || is_on_its_way(&world.dead);
        if owed.is_empty() && !moves && world.evaluations.is_empty() {
            return;
        }
        world.scheduler.run_until(world.now() + MINUTE, &mut || false);
    }
    world.violate("evaluations that are never done".into());
}

/// Everything again: what is queued yet, and all that R2 has. Nothing may change.
fn repeat_everything(world: &Rc<World>) {
    let before = dump(&world.db);
    let here = world.clone();
    world.scheduler.spawn(None, async move {
        if !clients::replay(&here).await {
            here.violate("a replay fails without faults".into());
        }
    });
    for _ in 0..100 {
        world.batches.hurry();
        world.dead.hurry();
        world.evaluations.hurry();
        world.scheduler.run_until(world.now() + 2_000, &mut || false);
        if world.batches.length() + world.dead.length() == 0 && world.evaluations.is_empty() {
            break;
        }
    }
    if world.batches.length() + world.dead.length() > 0 || !world.evaluations.is_empty() {
        world.violate("messages that are never settled".into());
    }
    check::compare(world, "all of it again", &dump(&world.db), &before);
}
