//! The service's ports over the world, as one invocation in one isolate sees them: every
//! call takes time, may go wrong, and may be the last thing that the isolate does.

use std::cell::Cell;
use std::future::{Future, pending};
use std::ops::Range;
use std::rc::Rc;

use edgespan::access::api_keys::{Keys, Principal, Which};
use edgespan::access::key_table;
use edgespan::access::rate_limits::Check;
use edgespan::batch::{Listed, RawStore};
use edgespan::error::{Fault, Reject};
use edgespan::evaluation::outside::Operator;
use edgespan::http::platform::{Backlog, Platform, Services, Witness};
use edgespan::index::{Database, QueryResults, RowBounds, Statement};
use edgespan::model::Millis;
use edgespan::outbound::{Outbound, OutboundReply, Post};
use edgespan::pipeline::consume::Outcome;
use edgespan::pipeline::deliver::Origin;
use edgespan::pipeline::evaluations::{EvaluationQueue, EvaluationRequest};
use edgespan::pipeline::queue::{BatchQueue, Message};
use edgespan::telemetry::data_points::Point;
use futures_util::FutureExt;
use ingest_core::index_writer::statements::is_conflict;

use crate::faults::{CallFault, Part};
use crate::world::{MINUTE, Running, World};

/// The operator's secret.
pub const SECRET: &str = "operator";

/// What one invocation has of the platform.
#[derive(Clone)]
pub struct Port {
    world: Rc<World>,
    /// The isolate that it runs in.
    pub isolate: Running,
    /// Calls made, for the bound on them.
    calls: Rc<Cell<u32>>,
    /// Which queue it sends to.
    sends_to: Origin,
}

impl Port {
    /// A new invocation's.
    pub fn new(world: &Rc<World>, isolate: &Running) -> Self {
        let (world, isolate) = (world.clone(), isolate.clone());
        Self { world, isolate, calls: Rc::default(), sends_to: Origin::Batches }
    }

    /// The same, for sending dead letters.
    #[must_use]
    pub fn to_dead_letters(&self) -> Self {
        Self { sends_to: Origin::DeadLetters, ..self.clone() }
    }

    /// Calls that the invocation has made.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// The isolate's clock.
    #[must_use]
    pub fn clock(&self) -> Millis {
        self.world.now() + self.isolate.skew_ms
    }

    /// One call: what it does, it does at one moment, somewhere within its time.
    async fn call<T>(
        &self,
        part: Part,
        what: &str,
        of: &str,
        effect: impl FnOnce(&World) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let world = &self.world;
        self.calls.set(self.calls.get() + 1);
        let fault = world.faults.next(part, world.now(), &world.chance);
        let number = self.isolate.number;
        world.note(format_args!("isolate {number}: {what} {of} {fault:?}"));
        if let Some(fault) = fault {
            world.log.sometimes(name_of(part, fault));
        }
        let slow = if fault == Some(CallFault::Slow) { 2 * MINUTE } else { 40 };
        world.scheduler.sleep(world.chance.number(1..=slow)).await;
        match fault {
            Some(CallFault::Before) => return Err(failed(what)),
            Some(CallFault::DeathBefore) => return self.die().await,
            _ => {}
        }
        let result = effect(world);
        world.scheduler.sleep(world.chance.number(1..=20)).await;
        match fault {
            Some(CallFault::After) => Err(failed(what)),
            Some(CallFault::DeathAfter) => self.die().await,
            _ => result,
        }
    }

    /// The isolate's end; what asks for it goes no further.
    async fn die<T>(&self) -> T {
        self.world.kill(self.isolate.number);
        pending().await
    }
}

/// What a part without faults answers, which never waits.
fn at_once<T>(answer: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    answer.now_or_never().unwrap()
}

fn failed(what: &str) -> Fault {
    Fault::Unavailable { what: "sim", why: format!("{what} failed, as chance had it") }
}

/// How a fault is counted.
fn name_of(part: Part, fault: CallFault) -> &'static str {
    match (part, fault) {
        (Part::Store, CallFault::Before) => "R2 fails before the effect",
        (Part::Store, CallFault::After) => "R2 fails after the effect",
        (Part::Database, CallFault::Before) => "D1 fails before the effect",
        (Part::Database, CallFault::After) => "D1 loses a reply after commit",
        (Part::Queue, CallFault::Before) => "the queue fails before the effect",
        (Part::Queue, CallFault::After) => "the queue fails after the effect",
        (Part::Store, CallFault::DeathBefore) => "death before R2",
        (Part::Store, CallFault::DeathAfter) => "death after R2",
        (Part::Database, CallFault::DeathBefore) => "death before D1",
        (Part::Database, CallFault::DeathAfter) => "death after D1",
        (Part::Queue, CallFault::DeathBefore) => "death before the queue",
        (Part::Queue, CallFault::DeathAfter) => "death after the queue",
        (Part::Store, CallFault::Slow) => "R2 is slow",
        (Part::Database, CallFault::Slow) => "D1 is slow",
        (Part::Queue, CallFault::Slow) => "the queue is slow",
    }
}

impl Database for Port {
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault> {
        let count = statements.len().to_string();
        let run = |world: &World| {
            let ran = world.db.run_now(&statements);
            if let Err(fault) = &ran
                && is_conflict(&fault.to_string())
            {
                world.log.sometimes("a trace is written by another in between");
            }
            ran
        };
        self.call(Part::Database, "d1 run of", &count, run).await
    }

    fn row_bounds(&self) -> RowBounds {
        self.world.db.row_bounds()
    }
}

impl RawStore for Port {
    type Body = Vec<u8>;

    fn body_of(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    async fn compress(&self, body: &Vec<u8>) -> Option<(Vec<u8>, usize)> {
        self.world.store.compress(body).await
    }

    async fn put(&self, key: &str, body: &Vec<u8>) -> Result<(), Fault> {
        let put = |world: &World| at_once(world.store.put(key, body));
        self.call(Part::Store, "r2 put", key, put).await
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        let get = |world: &World| at_once(world.store.get(key, part));
        self.call(Part::Store, "r2 get", key, get).await
    }

    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault> {
        let list = |world: &World| {
            // It may give fewer than it is asked for.
            let some = usize::try_from(world.chance.number(2..=20)).unwrap();
            at_once(world.store.list(after, most.min(some)))
        };
        self.call(Part::Store, "r2 list after", after, list).await
    }
}

impl EvaluationQueue for Port {
    async fn send(&self, request: &EvaluationRequest, delay_s: u32) -> Result<(), Fault> {
        let send = |world: &World| {
            world.evaluations.send(request, delay_s, world);
            Ok(())
        };
        self.call(Part::Queue, "evaluation send", &request.project, send).await
    }
}

impl BatchQueue for Port {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        let send = |world: &World| {
            let dead = self.sends_to == Origin::DeadLetters;
            if dead { &world.dead } else { &world.batches }.send(message, world);
            Ok(())
        };
        self.call(Part::Queue, "queue send", &message.key, send).await
    }

    async fn send_all(&self, messages: &[Message]) -> Result<(), Fault> {
        for some in messages.chunks(MAX_SENT) {
            let send = |world: &World| {
                for message in some {
                    world.batches.send(message, world);
                }
                Ok(())
            };
            self.call(Part::Queue, "queue send of", &some.len().to_string(), send).await?;
        }
        Ok(())
    }
}

/// Most messages that the platform takes at once.
const MAX_SENT: usize = 100;

impl Keys for Port {
    async fn find(&self, which: Which<'_>, now: Millis) -> Result<Option<Principal>, Fault> {
        let ran = self.run(vec![key_table::find(which)]).await?;
        let row = ran.rows.first().and_then(|rows| rows.first());
        let found = key_table::read_principal(row.map(String::as_str))?;
        if let Some(principal) = &found {
            let (note, db) = (key_table::note_use(principal, now), self.clone());
            self.run_later(async move { drop(db.run(vec![note]).await) });
        }
        Ok(found)
    }

    async fn may_guess_on(&self, _: &str) -> bool {
        true
    }
}

impl Services for Port {
    type Db = Self;
    type Store = Self;
    type Queue = Self;
    type Evaluations = Self;
    type Outbound = Self;

    fn db(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }

    fn store(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }

    fn queue(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }

    fn outbound(&self) -> Self {
        self.clone()
    }

    fn evaluations(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }
}

impl Outbound for Port {
    async fn post(&self, _: Post<'_>) -> Result<OutboundReply, Fault> {
        Err(Fault::Unavailable { what: "outbound request", why: "nobody is there".into() })
    }
}

impl Operator for Port {
    fn setting(&self, _: &str) -> Option<String> {
        None
    }

    fn is_local(&self) -> bool {
        false
    }

    async fn wait(&self, _: u32) {}
}

impl Platform for Port {
    type Witness = Self;

    fn now(&self) -> Millis {
        self.clock()
    }

    fn operator_secret(&self) -> String {
        SECRET.into()
    }

    fn is_bound(&self, _: &str) -> bool {
        true
    }

    async fn backlog(&self) -> Option<Backlog> {
        None
    }

    fn refuses_over_quota(&self) -> bool {
        false
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Fault> {
        Ok(self.world.chance.bytes())
    }

    fn keys(&self) -> Result<impl Keys, Fault> {
        Ok(self.clone())
    }

    async fn count(&self, check: Option<Check>) -> Result<(), Reject> {
        let (faults, chance) = (&self.world.faults, &self.world.chance);
        match check {
            Some(check) if faults.are_active() && chance.one_in_thousand(5) => {
                self.world.log.sometimes("a request over its limit");
                Err(check.exceeded())
            }
            _ => Ok(()),
        }
    }

    fn run_later(&self, work: impl Future<Output = ()> + 'static) {
        let (world, chance) = (&self.world, &self.world.chance);
        if world.faults.are_active() && chance.one_in_thousand(20) {
            world.log.sometimes("what is left for after the answer is cut");
            return;
        }
        world.scheduler.spawn(Some(self.isolate.number), work);
    }

    fn witness(&self) -> Self {
        self.clone()
    }
}

impl Witness for Port {
    fn now(&self) -> Millis {
        self.clock()
    }

    fn settled(&self, key: &str, outcome: &Outcome) {
        self.world.note(format_args!("settled after the answer: {key} {outcome:?}"));
    }

    fn record(&self, _: Option<Point>) {}
}
