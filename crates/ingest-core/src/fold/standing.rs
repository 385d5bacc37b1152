//! Who says something of a trace, and so which of two that say it counts.

use std::rc::Rc;

use super::place::Order;
use crate::model::Micros;

/// Who says something of a trace. Its own events count before its spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// An event of the trace's own: the newest counts.
    Event(Order),
    /// A span: the least counts.
    Span(SpanStanding),
}

/// A span that says something of its trace: the better source first; then a root; then
/// what started first; then the least id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpanStanding {
    /// [`crate::model::Said::rank`].
    pub rank: u8,
    /// Whether it has a parent.
    pub child: bool,
    /// When it started, or what comes closest to it.
    pub start_us: Micros,
    /// Its id, as it is kept.
    pub id: Rc<str>,
}

impl Standing {
    /// Whether what this one says counts before what the other says.
    fn is_before(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Event(a), Self::Event(b)) => a > b,
            (Self::Span(a), Self::Span(b)) => a < b,
            (Self::Event(_), Self::Span(_)) => true,
            (Self::Span(_), Self::Event(_)) => false,
        }
    }
}

/// Something that is said, by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<T> {
    /// Who says it.
    pub by: Standing,
    /// What is said.
    pub value: T,
}

impl<T: Ord> Told<T> {
    /// Puts another in the place of one if that counts before it; whether it did. What
    /// one says twice in two ways is settled by what is said.
    pub fn take(known: &mut Option<Self>, other: Option<Self>) -> bool {
        let Some(other) = other else { return false };
        let counts = known.as_ref().is_none_or(|known| {
            other.by.is_before(&known.by) || other.by == known.by && other.value < known.value
        });
        if counts {
            *known = Some(other);
        }
        counts
    }
}
