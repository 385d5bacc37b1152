//! What a run has spent of what it may cost.

use super::outcome::{Code, Failure};

/// What is left to a run.
#[derive(Debug)]
pub(crate) struct Work {
    left: u64,
    what: &'static str,
}

impl Work {
    /// So much may be spent, and this is said when it is not enough.
    pub(crate) fn new(most: u64, what: &'static str) -> Self {
        Self { left: most, what }
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
