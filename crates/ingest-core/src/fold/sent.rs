//! An event with the batch that it was sent in, and what follows from the two: ids
//! and times that it does not say itself, and which of two events is the newer.

use std::rc::Rc;

use xxhash_rust::xxh3::xxh3_64;

use super::place::{BatchName, HASH_BITS, Order, Place};
use crate::batch::BatchRef;
use crate::model::{Event, Micros};

/// How much later than its receipt an event may say that it is. A clock that is
/// further ahead must not keep a trace running for years.
const MAX_AHEAD_US: Micros = 60 * 60 * 1_000_000;

/// An event, and the batch that it was sent in.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The batch.
    pub batch: &'a BatchRef,
    /// The same as places name it.
    pub name: &'a Rc<BatchName>,
    /// Its body, in which the event's bytes lie.
    pub body: &'a [u8],
    /// The event.
    pub event: &'a Event<'a>,
}

impl Sent<'_> {
    /// How new an event is that says these times of itself.
    pub(super) fn order(&self, start: Option<Micros>, end: Option<Micros>) -> Order {
        let bytes = self.body.get(self.event.range.clone()).unwrap_or_default();
        let hash = xxh3_64(bytes) >> (u64::BITS - HASH_BITS);
        Order {
            rank: self.event.rank,
            at_us: self.event.timestamp.or(end).or(start).unwrap_or(0),
            hash: u32::try_from(hash).unwrap_or_default(),
        }
    }

    /// Where the event lies.
    pub(super) fn place(&self) -> Place {
        let number = |n: usize| n as u64;
        let context = self.event.context.as_ref().map(|ranges| {
            ranges.iter().map(|range| (number(range.start), number(range.len()))).collect()
        });
        let range = &self.event.range;
        Place {
            batch: Rc::clone(self.name),
            offset: number(range.start),
            length: number(range.len()),
            context,
        }
    }

    /// The id of a span that says none.
    pub(super) fn made_up_id(&self) -> Rc<str> {
        format!("{}-{}", self.batch.id, self.event.index).into()
    }

    /// When something began that may not say so itself.
    pub(super) fn start(&self, start: Option<Micros>, end: Option<Micros>) -> Micros {
        start.or(end).or(self.event.timestamp).unwrap_or(self.received_us())
    }

    /// When something was heard of last that says these times of itself.
    pub(super) fn active(&self, start: Option<Micros>, end: Option<Micros>) -> Micros {
        let said = start.max(end).max(self.event.timestamp);
        let received = self.received_us();
        said.unwrap_or(received).min(received.saturating_add(MAX_AHEAD_US))
    }

    pub(super) fn received_us(&self) -> Micros {
        self.batch.received.saturating_mul(1_000)
    }
}
