//! What the uploads under way in an isolate may hold of its memory. A body is
//! counted before it is read, so that one too many is refused while it costs
//! nothing: an isolate that is over its memory ends, and all requests in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::error::Fault;
use crate::model::Millis;

/// Most bytes held: eight of the largest bodies, and some small ones. An isolate
/// has 128 MB; the rest of it is for decoding, for reading, and for the consumer,
/// which may run in the same one (`tests/memory.test.ts` measures them together).
pub const MAX_BYTES: usize = 42 * 1024 * 1024;

/// A request that the platform has cut off is never heard of again; what it
/// held is taken for free after this. Each share that is heard of begins anew.
const FORGET_MS: Millis = 60_000;

/// The budget of an isolate.
#[derive(Debug, Default)]
pub struct UploadBudget {
    taken: RefCell<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    shares: BTreeMap<u64, Held>,
    bytes: usize,
    last: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    since: Millis,
    bytes: usize,
}

impl UploadBudget {
    /// A share of so many bytes.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when there is no room for it.
    pub fn take(self: &Rc<Self>, bytes: usize, now: Millis) -> Result<Share, Fault> {
        let mut taken = self.taken.borrow_mut();
        taken.last += 1;
        let id = taken.last;
        taken.hold(id, bytes, now)?;
        Ok(Share { budget: Rc::clone(self), id })
    }
}

impl Taken {
    fn hold(&mut self, id: u64, bytes: usize, now: Millis) -> Result<(), Fault> {
        let own = self.shares.get(&id).map_or(0, |held| held.bytes);
        if self.bytes - own + bytes > MAX_BYTES {
            // A clock that went backwards makes a share old, never eternal.
            let fresh = |held: &Held| (0..FORGET_MS).contains(&(now - held.since));
            self.shares.retain(|other, held| *other == id || fresh(held));
            self.bytes = self.shares.values().map(|held| held.bytes).sum();
        }
        let rest = self.bytes - own;
        if rest + bytes > MAX_BYTES {
            return Err(Fault::Unavailable {
                what: "memory for uploads",
                why: format!("others hold {rest} bytes"),
            });
        }
        self.shares.insert(id, Held { since: now, bytes });
        self.bytes = rest + bytes;
        Ok(())
    }
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Rc<UploadBudget>,
    id: u64,
}

impl Share {
    /// Holds so many bytes from now on, be it more or less than before.
    ///
    /// # Errors
    /// As [`UploadBudget::take`]; it holds what it did then.
    pub fn resize(&mut self, bytes: usize, now: Millis) -> Result<(), Fault> {
        self.budget.taken.borrow_mut().hold(self.id, bytes, now)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.budget.taken.borrow_mut();
        if let Some(held) = taken.shares.remove(&self.id) {
            taken.bytes -= held.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_BODY_BYTES;

    fn fits(budget: &Rc<UploadBudget>, bytes: usize, now: Millis) -> bool {
        budget.take(bytes, now).is_ok()
    }

    #[test]
    fn holds_no_more_than_there_is_and_gives_it_back() {
        let budget = Rc::new(UploadBudget::default());
        let mut shares: Vec<_> =
            (0..8).map(|now| budget.take(MAX_BODY_BYTES, now).unwrap()).collect();
        shares.push(budget.take(MAX_BYTES - 8 * MAX_BODY_BYTES, 8).unwrap());
        assert!(!fits(&budget, 1, 8));
        assert!(fits(&budget, 0, 8));
        shares.swap_remove(0);
        assert!(fits(&budget, MAX_BODY_BYTES, 9));
        assert!(!fits(&budget, MAX_BODY_BYTES + 1, 9));
        shares.clear();
        assert!(fits(&budget, MAX_BYTES, 10));
        assert!(!fits(&budget, MAX_BYTES + 1, 10));
    }

    #[test]
    fn counts_a_body_as_it_grows_and_shrinks() {
        let budget = Rc::new(UploadBudget::default());
        let mut one = budget.take(10, 0).unwrap();
        let mut two = budget.take(20, 0).unwrap();
        assert_eq!(one.resize(MAX_BYTES - 20, 1), Ok(()));
        assert!(two.resize(21, 1).is_err());
        assert_eq!(two.resize(20, 1), Ok(()));
        assert_eq!(one.resize(5, 1), Ok(()));
        assert_eq!(two.resize(MAX_BYTES - 5, 1), Ok(()));
        drop(two);
        assert!(fits(&budget, MAX_BYTES - 5, 1));
        assert!(!fits(&budget, MAX_BYTES - 4, 1));
    }

    #[test]
    fn forgets_requests_that_were_cut_off_and_none_that_is_heard_of() {
        let budget = Rc::new(UploadBudget::default());
        let mut slow = budget.take(MAX_BODY_BYTES, 0).unwrap();
        std::mem::forget(budget.take(MAX_BYTES - MAX_BODY_BYTES, 0).unwrap());
        assert!(slow.resize(MAX_BODY_BYTES, FORGET_MS - 1).is_ok());
        assert!(!fits(&budget, 1, FORGET_MS - 1));
        assert!(fits(&budget, MAX_BYTES - MAX_BODY_BYTES, FORGET_MS));
        assert!(!fits(&budget, MAX_BYTES - MAX_BODY_BYTES + 1, FORGET_MS));
    }

    #[test]
    fn one_that_was_forgotten_and_goes_on_counts_again_and_is_given_back_once() {
        let budget = Rc::new(UploadBudget::default());
        let mut late = budget.take(MAX_BYTES, 0).unwrap();
        let other = budget.take(10, FORGET_MS).unwrap();
        assert!(late.resize(MAX_BYTES, FORGET_MS).is_err());
        assert_eq!(late.resize(MAX_BYTES - 10, FORGET_MS), Ok(()));
        assert!(!fits(&budget, 1, FORGET_MS));
        drop(late);
        assert!(fits(&budget, MAX_BYTES - 10, FORGET_MS));
        drop(other);
        assert!(fits(&budget, MAX_BYTES, FORGET_MS));
        // A clock that was put back.
        std::mem::forget(budget.take(MAX_BYTES, 1_000_000).unwrap());
        assert!(fits(&budget, MAX_BYTES, 0));
    }
}
