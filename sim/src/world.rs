//! The platform of a run: what R2, D1 and the queues hold, which isolates there are, and
//! what goes wrong. Its parts are reached through [`crate::port`] only.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Arguments;
use std::rc::Rc;

use edgespan::formats::{FORMATS, Formats, twosignal};
use edgespan::http::platform::Isolate;
use edgespan::index::RowBounds;
use edgespan::model::Millis;

use crate::chance::Chance;
use crate::evaluations::EvaluationQueue;
use crate::faults::Faults;
use crate::log::Log;
use crate::objects::Objects;
use crate::queue::MessageQueue;
use crate::scheduler::Scheduler;
use crate::sqlite::Pooled;

/// When a run begins: 2026-11-22T06:19:30.123Z.
pub const BEGIN: Millis = 1_795_328_370_123;
/// A minute.
pub const MINUTE: Millis = 60_000;
/// What an isolate's clock may be off by, either way.
pub const MAX_SKEW_MS: Millis = 4 * MINUTE;

/// What a release before OpenTelemetry knows.
const EARLIER: Formats = Formats(&[twosignal::FORMAT]);

/// An isolate that is alive.
#[derive(Clone)]
pub struct Running {
    /// Its number, which no other ever has.
    pub number: u64,
    /// What its requests share.
    pub shared: Rc<Isolate>,
    /// What its clock is off by.
    pub skew_ms: Millis,
    /// The formats that its release knows.
    pub formats: Formats,
}

/// The platform of a run.
pub struct World {
    /// Time, and whose turn it is.
    pub scheduler: Rc<Scheduler>,
    /// All chance.
    pub chance: Rc<Chance>,
    /// What goes wrong.
    pub faults: Faults,
    /// What happened.
    pub log: Log,
    /// D1.
    pub db: Pooled,
    /// R2.
    pub store: Objects,
    /// The queue of batches.
    pub batches: MessageQueue,
    /// The queue of dead letters.
    pub dead: MessageQueue,
    /// The queue of evaluations.
    pub evaluations: EvaluationQueue,
    /// Whether the machines have skewed clocks, and two releases.
    pub mixed: bool,
    /// Objects that no release so far can read.
    pub unreadable: RefCell<BTreeSet<String>>,
    /// Clients that are not done.
    pub clients: Cell<u32>,
    isolates: RefCell<Vec<Running>>,
    last_isolate: Cell<u64>,
    wrong: RefCell<Vec<String>>,
}

impl World {
    /// The world of a seed; with these faults, or else with some of all by chance.
    #[must_use]
    pub fn new(seed: u64, faults: Option<Faults>, keep_log: bool) -> Rc<Self> {
        let chance = Rc::new(Chance::new(seed));
        let written = faults.is_some();
        let world = Self {
            scheduler: Scheduler::new(BEGIN, chance.clone()),
            faults: faults.unwrap_or_else(|| Faults::by_chance(&chance)),
            log: Log::new(keep_log),
            db: Pooled::default(),
            store: Objects::default(),
            batches: MessageQueue::batches(&chance, written),
            dead: MessageQueue::dead_letters(),
            evaluations: EvaluationQueue::default(),
            mixed: !written && chance.one_in_thousand(400),
            unreadable: RefCell::default(),
            clients: Cell::new(0),
            isolates: RefCell::default(),
            last_isolate: Cell::new(0),
            wrong: RefCell::default(),
            chance,
        };
        // Rows that hold little, so that they are full: from no span on to more than there are.
        let spans = usize::try_from(world.chance.number(0..=12)).unwrap();
        let bytes = usize::try_from(world.chance.number(100..=4_000)).unwrap();
        world.db.1.set(RowBounds { spans, bytes });
        let isolates = if written { 1 } else { world.chance.number(1..=5) };
        for _ in 0..isolates {
            world.start_isolate();
        }
        Rc::new(world)
    }

    /// The true time.
    pub fn now(&self) -> Millis {
        self.scheduler.now()
    }

    /// Notes what happened.
    pub fn note(&self, what: Arguments<'_>) {
        self.log.note(self.now(), what);
    }

    /// Notes that an invariant does not hold.
    pub fn violate(&self, what: String) {
        self.note(format_args!("WRONG: {what}"));
        self.wrong.borrow_mut().push(what);
    }

    /// The invariants that did not hold.
    pub fn violations(&self) -> Vec<String> {
        self.wrong.borrow().clone()
    }

    /// Ends all faults, and the deployment of this release with them.
    pub fn stop_faults(&self) {
        self.note(format_args!("no more faults"));
        self.faults.stop();
        self.isolates.borrow_mut().iter_mut().for_each(|running| running.formats = FORMATS);
    }

    /// Any isolate.
    pub fn pick_isolate(&self) -> Running {
        self.chance.pick(&self.isolates.borrow()).clone()
    }

    /// Ends an isolate and all that runs in it, and starts another in its place.
    pub fn kill(&self, isolate: u64) {
        self.note(format_args!("isolate {isolate} dies"));
        self.isolates.borrow_mut().retain(|running| running.number != isolate);
        self.scheduler.kill(isolate);
        self.start_isolate();
    }

    fn start_isolate(&self) {
        let number = self.last_isolate.replace(self.last_isolate.get() + 1);
        let skew_ms = if self.mixed { self.chance.number(-MAX_SKEW_MS..=MAX_SKEW_MS) } else { 0 };
        let formats = if self.mixed && self.faults.are_active() && self.chance.one_in_thousand(300)
        {
            self.log.sometimes("an isolate of an earlier release");
            EARLIER
        } else {
            FORMATS
        };
        self.note(format_args!("isolate {number} starts, its clock off by {skew_ms} ms"));
        let running = Running { number, shared: Rc::default(), skew_ms, formats };
        self.isolates.borrow_mut().push(running);
    }
}
