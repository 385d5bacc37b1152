//! The span that a trace is shown by, out of all that ever came.

use std::cmp::Ordering;
use std::rc::Rc;

use super::place::Order;
use crate::model::Micros;

/// The span that a trace is shown by: of all that ever came the least by whether it has a
/// parent, its start, its id. What only updates are known of comes after all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Whether only updates of it are known.
    pub updates: bool,
    /// Whether it has a parent: the root proper has not come.
    pub child: bool,
    /// When it started, or what comes closest to it.
    pub start_us: Micros,
    /// Its id, as it is kept.
    pub id: Rc<str>,
    /// Its name, of its newest event, where the trace has none.
    pub name: Option<(Order, Rc<str>)>,
    /// The beginnings of its input and output, of the newest events that have them.
    pub input: Option<(Order, Rc<str>)>,
    /// See `input`.
    pub output: Option<(Order, Rc<str>)>,
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
    /// Whether an event may be the root's.
    pub(super) fn may_be(
        known: Option<&Self>,
        updates: bool,
        child: bool,
        start: Micros,
        id: &str,
    ) -> bool {
        known.is_none_or(|known| {
            *known.id == *id
                || !updates
                    && (known.updates
                        || (child, start, id) <= (known.child, known.start_us, &*known.id))
        })
    }

    /// Its place among all that may be it. Of updates only the id is known for sure.
    fn place(&self) -> (bool, bool, Micros, Rc<str>) {
        let Self { updates, child, start_us, id, .. } = self;
        (*updates, *child && !updates, if *updates { 0 } else { *start_us }, Rc::clone(id))
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
            other.id == root.id && (order == Ordering::Equal || other.updates || root.updates);
        if order == Ordering::Less {
            std::mem::swap(root, &mut other);
        }
        if !same {
            return order == Ordering::Less;
        }
        let mut changed = order == Ordering::Less;
        changed |= newer(&mut root.name, other.name);
        changed |= newer(&mut root.input, other.input);
        changed | newer(&mut root.output, other.output)
    }
}
