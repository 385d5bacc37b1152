//! What happened in a run, in order: a digest of all of it, and the lines themselves
//! where somebody wants to read them. Two runs of one seed have one digest.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::{Arguments, Write};

use edgespan::model::Millis;
use edgespan::time;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::sometimes::SOMETIMES;

/// The log of a run.
#[derive(Debug, Default)]
pub struct Log {
    digest: Cell<u64>,
    line: RefCell<String>,
    /// The lines, where they are kept.
    kept: Option<RefCell<Vec<String>>>,
    /// How often each thing happened that a run may or may not come to.
    sometimes: RefCell<BTreeMap<&'static str, u64>>,
}

impl Log {
    /// An empty log. `keep`: whether its lines are wanted.
    #[must_use]
    pub fn new(keep: bool) -> Self {
        Self { kept: keep.then(RefCell::default), ..Self::default() }
    }

    /// Notes what happened.
    pub fn note(&self, now: Millis, what: Arguments<'_>) {
        let mut line = self.line.borrow_mut();
        line.clear();
        let _ = write!(line, "{now} {what}");
        self.digest.set(xxh3_64_with_seed(line.as_bytes(), self.digest.get()));
        if let Some(kept) = &self.kept {
            let at = time::with_millis(now * 1_000);
            kept.borrow_mut().push(format!("{at} {what}"));
        }
    }

    /// Counts something that must happen in some run: see [`crate::sometimes`].
    pub fn sometimes(&self, what: &'static str) {
        debug_assert!(SOMETIMES.contains(&what), "{what} is not in the list");
        *self.sometimes.borrow_mut().entry(what).or_default() += 1;
    }

    /// A number that all notes have part in.
    pub fn digest(&self) -> u64 {
        self.digest.get()
    }

    /// The lines, if they are kept.
    pub fn lines(&self) -> Vec<String> {
        self.kept.as_ref().map(|kept| kept.borrow().clone()).unwrap_or_default()
    }

    /// The counts.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.sometimes.borrow().clone()
    }
}
