//! Evaluations: their queue, which delivers late, twice and in any order, but loses nothing
//! (nobody looks for what was never judged); who runs them; and what must come of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use edgespan::api::{self, Asked, Manage};
use edgespan::evaluation::outside::Outside;
use edgespan::evaluation::run::{Ports, evaluate};
use edgespan::formats::FORMATS;
use edgespan::memory_budget::MemoryBudget;
use edgespan::model::Millis;
use edgespan::payload::Source;
use edgespan::pipeline::evaluations::EvaluationRequest;
use edgespan::pipeline::retry::delay;
use futures_util::FutureExt;

use crate::book::Project;
use crate::oracle::{Known, Trace};
use crate::port::Port;
use crate::world::{MINUTE, World};

/// How long a delivery may take before its messages are delivered again.
const LEASE_MS: Millis = 15 * MINUTE;

/// The evaluator of a project that has one: what it costs a trace to pass, in billionths of
/// a dollar, and from when on it has failed.
const TARGET_NANO: i64 = 5_000_000;
const MAX_NANO: i64 = 10_000_000;

#[derive(Debug)]
struct Queued {
    number: u64,
    request: EvaluationRequest,
    attempts: u32,
    visible: Millis,
}

/// The queue of evaluations.
#[derive(Debug, Default)]
pub struct EvaluationQueue {
    messages: RefCell<Vec<Queued>>,
    last: Cell<u64>,
}

impl EvaluationQueue {
    /// Takes a message in, to be delivered after so many seconds.
    pub fn send(&self, request: &EvaluationRequest, delay_s: u32, world: &World) {
        let twice = world.faults.are_active() && world.chance.one_in_thousand(50);
        if twice {
            world.log.sometimes("an evaluation is asked for twice");
        }
        for _ in 0..=i32::from(twice) {
            let number = self.last.get() + 1;
            self.last.set(number);
            let late = world.chance.number(0..=2_000);
            let visible = world.now() + Millis::from(delay_s) * 1_000 + late;
            let queued = Queued { number, request: request.clone(), attempts: 0, visible };
            self.messages.borrow_mut().push(queued);
        }
    }

    fn take(&self, world: &World) -> Option<(u64, u32, EvaluationRequest)> {
        let now = world.now();
        let mut messages = self.messages.borrow_mut();
        let mut visible: Vec<_> =
            messages.iter_mut().filter(|queued| queued.visible <= now).collect();
        world.chance.shuffle(&mut visible);
        let taken = visible.into_iter().next()?;
        taken.attempts += 1;
        taken.visible = now + LEASE_MS;
        Some((taken.number, taken.attempts, taken.request.clone()))
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.messages.borrow().is_empty()
    }

    /// Makes everything deliverable at once.
    pub fn hurry(&self) {
        self.messages.borrow_mut().iter_mut().for_each(|queued| queued.visible = 0);
    }
}

/// Gives a project its evaluator.
///
/// # Panics
/// Where the API takes it no more.
pub fn set_up(world: &Rc<World>, project: &str) {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let dollars = |nano: i64| nano as f64 / 1e9;
    let body = format!(
        r#"{{"name":"cheap","type":"COST","target":"trace","config":{{"target_cost_usd":{},"max_cost_usd":{}}}}}"#,
        dollars(TARGET_NANO),
        dollars(MAX_NANO)
    );
    let port = Port::new(world, &world.pick_isolate());
    let asked = Asked { project, query: "", body: body.as_bytes(), now: world.now(), random: 7 };
    let made = api::manage_evaluators(&Manage::Create, asked, &port, &*world.db).now_or_never();
    made.unwrap().unwrap();
}

/// Starts who delivers the queue's messages.
pub fn start(world: &Rc<World>) {
    let (world, here) = (world.clone(), world.clone());
    here.scheduler.spawn(None, async move {
        loop {
            world.scheduler.sleep(world.chance.number(100..=1_200)).await;
            while let Some((number, attempt, request)) = world.evaluations.take(&world) {
                deliver(&world, number, attempt, request);
            }
        }
    });
}

fn deliver(world: &Rc<World>, number: u64, attempt: u32, request: EvaluationRequest) {
    let (here, isolate) = (world.clone(), world.pick_isolate());
    world.scheduler.spawn(Some(isolate.number), async move {
        let port = Port::new(&here, &isolate);
        let budget = Rc::new(MemoryBudget::for_reads());
        let source = Source { store: &port, formats: FORMATS, budget: &budget, now: port.clock() };
        let caller = Outside { outbound: &port, operator: &port };
        let ports = Ports { db: &port, source, queue: &port, caller: &caller };
        let done = evaluate(&request, &|| port.clock(), &ports).await;
        here.note(format_args!("an evaluation comes to {done:?}"));
        let mut messages = here.evaluations.messages.borrow_mut();
        if done.is_ok() {
            return messages.retain(|queued| queued.number != number);
        }
        here.log.sometimes("an evaluation fails");
        let again = here.now() + Millis::from(delay(attempt, &request.project)) * 1_000;
        let own = messages.iter_mut().filter(|queued| queued.number == number);
        own.for_each(|queued| queued.visible = again);
    });
}

/// Compares what was judged with what must have been: each trace whose cost is known, once,
/// and as it is now.
///
/// # Errors
/// What differs.
pub fn check(
    world: &World,
    project: &Project,
    known: &Known,
    judged: &BTreeMap<String, f64>,
) -> Result<(), String> {
    for (id, trace) in &known.0 {
        let should = verdict(trace).filter(|_| project.is_judged);
        match (judged.get(id), should) {
            (Some(is), Some(should)) if (is - should).abs() < 0.01 => {
                world.log.sometimes("a trace is judged");
            }
            (None, None) => {}
            (is, should) => return Err(format!("trace {id} is judged {is:?}, not {should:?}")),
        }
    }
    match judged.keys().find(|id| !known.0.contains_key(*id)) {
        Some(id) => Err(format!("trace {id}, which nobody sent, is judged")),
        None => Ok(()),
    }
}

/// What a trace comes to: 1 up to the target, 0 from the maximum on, between in between.
fn verdict(trace: &Trace) -> Option<f64> {
    if trace.spans.values().all(|span| span.cost_nano.is_none()) {
        return None;
    }
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let over = (trace.cost_nano() - TARGET_NANO) as f64 / (MAX_NANO - TARGET_NANO) as f64;
    Some((1.0 - over).clamp(0.0, 1.0))
}
