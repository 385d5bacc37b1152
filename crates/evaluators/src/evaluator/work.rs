//! What a run has spent of what it may cost, and what runs have spent together.

use std::cell::Cell;
use std::rc::Rc;

use super::limits::MAX_RUNS_TOGETHER;
use super::outcome::{Code, Failure};

/// Parts of a run that are counted.
const PARTS: u64 = 1_000_000;

/// What runs have cost together. Each bound of a run stands for about half a second of CPU,
/// so what is spent of one is a share of that.
#[derive(Debug, Clone, Default)]
pub struct Meter(Rc<Cell<u64>>);

impl Meter {
    /// Whether a number of runs have been spent that each cost as much as one may.
    #[must_use]
    pub fn has_spent(&self, runs: u64) -> bool {
        self.0.get() >= runs.saturating_mul(PARTS)
    }

    /// Counts so much of what a run may spend.
    pub(crate) fn count(&self, cost: u64, most: u64) {
        let parts = u128::from(cost) * u128::from(PARTS) / u128::from(most.max(1));
        let parts = u64::try_from(parts).unwrap_or(u64::MAX);
        self.0.set(self.0.get().saturating_add(parts));
    }

    /// Whether those who are judged by together may go on.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.has_spent(MAX_RUNS_TOGETHER) {
            let message = "The evaluators before it took as long as all together may.";
            return Err(Failure::new(Code::TooExpensive, message));
        }
        Ok(())
    }
}

/// What is left to a run.
#[derive(Debug)]
pub(crate) struct Work {
    left: u64,
    most: u64,
    what: &'static str,
    meter: Meter,
}

impl Work {
    /// So much may be spent, and this is said when it is not enough.
    pub(crate) fn new(most: u64, what: &'static str) -> Self {
        Self::metered(most, what, &Meter::default())
    }

    /// The same, and what is spent is counted.
    pub(crate) fn metered(most: u64, what: &'static str, meter: &Meter) -> Self {
        Self { left: most, most, what, meter: meter.clone() }
    }

    /// Spends so much.
    pub(crate) fn spend(&mut self, cost: u64) -> Result<(), Failure> {
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Failure::new(Code::TooExpensive, self.what)),
        }
    }

    /// The same for a number of bytes.
    pub(crate) fn spend_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        self.spend(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.meter.count(self.most - self.left, self.most);
    }
}
