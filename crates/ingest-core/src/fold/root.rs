//! The span that a trace is shown by, out of all that ever came.

use std::cmp::Ordering;
use std::rc::Rc;

use super::place::Order;
use crate::model::Micros;

/// The span that a trace is shown by: of all that ever came the least by whether it has a
/// parent, its start, its id. A span comes after all others while no event is known that
/// creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Whether no event is known that creates it, only updates and supplements.
    pub partial: bool,
    /// Whether it has a parent: the root proper has not come.
    pub child: bool,
    /// When it started, or what comes closest to it.
    pub start_us: Micros,
    /// Its id, as it is kept.
    pub id: Rc<str>,
    /// Its name, of its newest event, where the trace has none.
    pub name: Option<(Order, Rc<str>)>,
    /// The words of its input and output, of the newest events that have them.
    pub input: Option<(Order, Rc<str>)>,
    /// See `input`.
    pub output: Option<(Order, Rc<str>)>,
    /// The beginning of what it says went wrong.
    pub error: Option<(Order, Rc<str>)>,
}

/// Where what may be the root stands among all that may. Of what no event creates only the
/// id is known for sure.
fn place(partial: bool, child: bool, start_us: Micros, id: &str) -> (bool, bool, Micros, &str) {
    if partial { (true, false, 0, id) } else { (false, child, start_us, id) }
}

/// The newer of the two.
fn newer(old: &mut Option<(Order, Rc<str>)>, new: Option<(Order, Rc<str>)>) -> bool {
    let counts = new > *old;
    if counts {
        *old = new;
    }
    counts
}

impl Root {
    /// Gives it its span's name, which may be of an event that came when another was the
    /// root; whether that changes anything.
    pub(super) fn take_name(&mut self, name: Option<(Order, Rc<str>)>) -> bool {
        newer(&mut self.name, name)
    }

    /// Whether an event may be the root's.
    pub(super) fn may_be(
        known: Option<&Self>,
        partial: bool,
        child: bool,
        start: Micros,
        id: &str,
    ) -> bool {
        let place = place(partial, child, start, id);
        known.is_none_or(|known| *known.id == *id || place <= known.place())
    }

    /// Its place among all that may be it.
    fn place(&self) -> (bool, bool, Micros, &str) {
        place(self.partial, self.child, self.start_us, &self.id)
    }

    /// Puts another in the place of one if it comes before it; whether anything changed.
    pub(super) fn take(known: &mut Option<Self>, other: Option<Self>) -> bool {
        let Some(mut other) = other else { return false };
        let Some(root) = known else {
            *known = Some(other);
            return true;
        };
        let order = other.place().cmp(&root.place());
        // What is only an update of the other says nothing of where that is.
        let same =
            other.id == root.id && (order == Ordering::Equal || other.partial || root.partial);
        if order == Ordering::Less {
            std::mem::swap(root, &mut other);
        }
        if !same {
            return order == Ordering::Less;
        }
        let mut changed = order == Ordering::Less;
        changed |= newer(&mut root.name, other.name);
        changed |= newer(&mut root.input, other.input);
        changed |= newer(&mut root.output, other.output);
        changed | newer(&mut root.error, other.error)
    }
}
