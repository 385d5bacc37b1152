//! What the requests under way in an isolate may hold of its memory. An isolate has
//! 128 MB, wasm memory never shrinks, and one that is over its memory ends, with all
//! requests in it. So what is held is counted before it is there: one request too
//! many is refused while it costs nothing.
//!
//! Only what is held across a wait counts: there is one thread. Uploads and reads
//! have a budget each; `tests/http/memory.test.ts` and `tests/http/reading-memory.test.ts`
//! measure them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::error::Fault;
use crate::model::Millis;

/// Most bytes of uploads: eight of the largest bodies, and some small ones.
const MAX_UPLOAD_BYTES: u64 = 42 * 1024 * 1024;
/// Most bytes of uploads that are compressed at the moment, each held once more until that is
/// done: two of the largest bodies.
const MAX_COMPRESSED_BYTES: u64 = 10 * 1024 * 1024;
/// Most bytes that answers hold.
const MAX_READ_BYTES: u64 = 40 * 1024 * 1024;
/// A request that the platform has cut off is never heard of again; what it held is
/// taken for free after this. Each share that is heard of begins anew.
const UPLOAD_FORGET_MS: Millis = 60_000;
/// The same for answers, which end sooner.
const READ_FORGET_MS: Millis = 30_000;

/// A budget of an isolate.
#[derive(Debug)]
pub struct MemoryBudget {
    /// What it is for, as a fault says it.
    what: &'static str,
    max_bytes: u64,
    forget_ms: Millis,
    taken: RefCell<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    shares: BTreeMap<u64, Entry>,
    bytes: u64,
    last: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    since: Millis,
    bytes: u64,
}

impl MemoryBudget {
    /// The budget of bodies that come in.
    #[must_use]
    pub fn for_uploads() -> Self {
        Self::new("memory for uploads", MAX_UPLOAD_BYTES, UPLOAD_FORGET_MS)
    }

    /// The budget of what bodies come to that are being compressed: where there is no room they
    /// are kept as they are. They are not counted among the uploads twice, which would turn
    /// others away.
    #[must_use]
    pub fn for_compression() -> Self {
        Self::new("memory for compression", MAX_COMPRESSED_BYTES, UPLOAD_FORGET_MS)
    }

    /// The budget of answers. Reads are what is turned away when an isolate's memory
    /// gets short: writes never wait for them.
    #[must_use]
    pub fn for_reads() -> Self {
        Self::new("memory for an answer", MAX_READ_BYTES, READ_FORGET_MS)
    }

    fn new(what: &'static str, max_bytes: u64, forget_ms: Millis) -> Self {
        Self { what, max_bytes, forget_ms, taken: RefCell::default() }
    }

    /// A share of so many bytes.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when there is no room for it.
    pub fn take(self: &Rc<Self>, bytes: u64, now: Millis) -> Result<MemoryShare, Fault> {
        let id = {
            let mut taken = self.taken.borrow_mut();
            taken.last += 1;
            taken.last
        };
        self.hold(id, bytes, now)?;
        Ok(MemoryShare { budget: Rc::clone(self), id })
    }

    fn hold(&self, id: u64, bytes: u64, now: Millis) -> Result<(), Fault> {
        let mut taken = self.taken.borrow_mut();
        let own = taken.shares.get(&id).map_or(0, |entry| entry.bytes);
        if taken.bytes - own + bytes > self.max_bytes {
            // A clock that went backwards makes a share old, never eternal.
            let fresh = |entry: &Entry| (0..self.forget_ms).contains(&(now - entry.since));
            taken.shares.retain(|other, entry| *other == id || fresh(entry));
            taken.bytes = taken.shares.values().map(|entry| entry.bytes).sum();
        }
        let others = taken.bytes - own;
        if others + bytes > self.max_bytes {
            let why = format!("others hold {others} bytes");
            return Err(Fault::Unavailable { what: self.what, why });
        }
        taken.shares.insert(id, Entry { since: now, bytes });
        taken.bytes = others + bytes;
        Ok(())
    }
}

/// A part of a budget, given back when it is dropped.
#[derive(Debug)]
pub struct MemoryShare {
    budget: Rc<MemoryBudget>,
    id: u64,
}

impl MemoryShare {
    /// Holds so many bytes from now on, be it more or less than before.
    ///
    /// # Errors
    /// As [`MemoryBudget::take`]; it holds what it did then.
    pub fn resize(&mut self, bytes: u64, now: Millis) -> Result<(), Fault> {
        self.budget.hold(self.id, bytes, now)
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        let mut taken = self.budget.taken.borrow_mut();
        if let Some(entry) = taken.shares.remove(&self.id) {
            taken.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_BODY_BYTES;

    const BODY: u64 = MAX_BODY_BYTES as u64;

    fn fits(budget: &Rc<MemoryBudget>, bytes: u64, now: Millis) -> bool {
        budget.take(bytes, now).is_ok()
    }

    #[test]
    fn holds_no_more_than_there_is_and_gives_it_back() {
        let budget = Rc::new(MemoryBudget::for_uploads());
        let mut shares: Vec<_> = (0..8).map(|now| budget.take(BODY, now).unwrap()).collect();
        shares.push(budget.take(MAX_UPLOAD_BYTES - 8 * BODY, 8).unwrap());
        assert!(!fits(&budget, 1, 8));
        assert!(fits(&budget, 0, 8));
        shares.swap_remove(0);
        assert!(fits(&budget, BODY, 9));
        assert!(!fits(&budget, BODY + 1, 9));
        shares.clear();
        assert!(fits(&budget, MAX_UPLOAD_BYTES, 10));
        assert!(!fits(&budget, MAX_UPLOAD_BYTES + 1, 10));
    }

    #[test]
    fn counts_a_body_as_it_grows_and_shrinks() {
        let budget = Rc::new(MemoryBudget::for_uploads());
        let mut one = budget.take(10, 0).unwrap();
        let mut two = budget.take(20, 0).unwrap();
        assert_eq!(one.resize(MAX_UPLOAD_BYTES - 20, 1), Ok(()));
        assert!(two.resize(21, 1).is_err());
        assert_eq!(two.resize(20, 1), Ok(()));
        assert_eq!(one.resize(5, 1), Ok(()));
        assert_eq!(two.resize(MAX_UPLOAD_BYTES - 5, 1), Ok(()));
        drop(two);
        assert!(fits(&budget, MAX_UPLOAD_BYTES - 5, 1));
        assert!(!fits(&budget, MAX_UPLOAD_BYTES - 4, 1));
    }

    #[test]
    fn forgets_requests_that_were_cut_off_and_none_that_is_heard_of() {
        let budget = Rc::new(MemoryBudget::for_uploads());
        let mut slow = budget.take(BODY, 0).unwrap();
        std::mem::forget(budget.take(MAX_UPLOAD_BYTES - BODY, 0).unwrap());
        assert!(slow.resize(BODY, UPLOAD_FORGET_MS - 1).is_ok());
        assert!(!fits(&budget, 1, UPLOAD_FORGET_MS - 1));
        assert!(fits(&budget, MAX_UPLOAD_BYTES - BODY, UPLOAD_FORGET_MS));
        assert!(!fits(&budget, MAX_UPLOAD_BYTES - BODY + 1, UPLOAD_FORGET_MS));
    }

    #[test]
    fn one_that_was_forgotten_and_goes_on_counts_again_and_is_given_back_once() {
        let budget = Rc::new(MemoryBudget::for_uploads());
        let mut late = budget.take(MAX_UPLOAD_BYTES, 0).unwrap();
        let other = budget.take(10, UPLOAD_FORGET_MS).unwrap();
        assert!(late.resize(MAX_UPLOAD_BYTES, UPLOAD_FORGET_MS).is_err());
        assert_eq!(late.resize(MAX_UPLOAD_BYTES - 10, UPLOAD_FORGET_MS), Ok(()));
        assert!(!fits(&budget, 1, UPLOAD_FORGET_MS));
        drop(late);
        assert!(fits(&budget, MAX_UPLOAD_BYTES - 10, UPLOAD_FORGET_MS));
        drop(other);
        assert!(fits(&budget, MAX_UPLOAD_BYTES, UPLOAD_FORGET_MS));
        // A clock that was put back.
        std::mem::forget(budget.take(MAX_UPLOAD_BYTES, 1_000_000).unwrap());
        assert!(fits(&budget, MAX_UPLOAD_BYTES, 0));
    }

    #[test]
    fn each_has_a_bound_and_a_time_of_its_own() {
        let budget = Rc::new(MemoryBudget::for_reads());
        std::mem::forget(budget.take(MAX_READ_BYTES, 0).unwrap());
        let refused = budget.take(1, READ_FORGET_MS - 1).unwrap_err();
        assert!(refused.to_string().contains("memory for an answer"), "{refused}");
        assert!(budget.take(MAX_READ_BYTES, READ_FORGET_MS).is_ok());
        assert!(budget.take(MAX_READ_BYTES + 1, 2 * READ_FORGET_MS).is_err());
    }
}
