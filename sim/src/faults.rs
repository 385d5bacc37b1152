//! What goes wrong with calls to the platform: by chance, a different mix for each seed,
//! or as a script has it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use edgespan::model::Millis;

use crate::chance::Chance;

/// A part of the platform that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// R2.
    Store,
    /// D1.
    Database,
    /// Queues.
    Queue,
}

/// The parts.
pub const PARTS: [Part; 3] = [Part::Store, Part::Database, Part::Queue];

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallFault {
    /// It fails before it did anything.
    Before,
    /// It does it all, and says that it failed.
    After,
    /// The isolate dies before anything is done.
    DeathBefore,
    /// The isolate dies when it is done, before it hears of it.
    DeathAfter,
    /// It takes up to two minutes.
    Slow,
}

/// The faults of a call.
pub const CALL_FAULTS: [CallFault; 5] = [
    CallFault::Before,
    CallFault::After,
    CallFault::DeathBefore,
    CallFault::DeathAfter,
    CallFault::Slow,
];

/// The faults of a run.
#[derive(Debug)]
pub struct Faults {
    /// What goes wrong, and how often: times in a thousand calls.
    rates: BTreeMap<(Part, CallFault), u64>,
    /// What goes wrong with which call, where that is written down.
    script: Option<BTreeMap<u64, CallFault>>,
    calls: Cell<u64>,
    /// Until when a part is away for everybody.
    away: RefCell<BTreeMap<Part, Millis>>,
    active: Cell<bool>,
}

impl Faults {
    /// Some of the faults, each as often as this seed has it.
    #[must_use]
    pub fn by_chance(chance: &Chance) -> Self {
        let mut rates = BTreeMap::new();
        for part in PARTS {
            for fault in CALL_FAULTS {
                if chance.one_in_thousand(350) {
                    rates.insert((part, fault), *chance.pick(&[3, 10, 30, 100]));
                }
            }
        }
        Self::of(rates, None)
    }

    /// These faults, by the number of the call from 0, and no others.
    #[must_use]
    pub fn as_written(script: BTreeMap<u64, CallFault>) -> Self {
        Self::of(BTreeMap::new(), Some(script))
    }

    fn of(
        rates: BTreeMap<(Part, CallFault), u64>,
        script: Option<BTreeMap<u64, CallFault>>,
    ) -> Self {
        let (calls, away, active) = (Cell::new(0), RefCell::default(), Cell::new(true));
        Self { rates, script, calls, away, active }
    }

    /// What goes wrong with the call that is made now.
    pub fn next(&self, part: Part, now: Millis, chance: &Chance) -> Option<CallFault> {
        let number = self.calls.replace(self.calls.get() + 1);
        if let Some(script) = &self.script {
            return script.get(&number).copied();
        }
        if !self.active.get() {
            return None;
        }
        if self.away.borrow().get(&part).is_some_and(|until| now < *until) {
            return Some(CallFault::Before);
        }
        let mut faults = self.rates.iter().filter(|((of, _), _)| *of == part);
        faults.find(|(_, rate)| chance.one_in_thousand(**rate)).map(|((_, fault), _)| *fault)
    }

    /// Takes a part away from everybody until this time.
    pub fn take_away(&self, part: Part, until: Millis) {
        self.away.borrow_mut().insert(part, until);
    }

    /// Whether anything may go wrong yet.
    pub fn are_active(&self) -> bool {
        self.active.get()
    }

    /// From here on nothing goes wrong by chance.
    pub fn stop(&self) {
        self.active.set(false);
    }

    /// Calls made so far.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }
}
