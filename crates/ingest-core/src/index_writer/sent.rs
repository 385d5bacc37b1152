//! An event with the batch that it was sent in, and what follows from the two: ids
//! and times that it does not say itself, and which of two events is the newer.

use std::rc::Rc;

use xxhash_rust::xxh3::xxh3_64;

use crate::batch::BatchRef;
use crate::model::{Event, Micros};

/// When an event was made, and the hash of its bytes: of two events for the
/// same thing the greater one is the newer, in whatever order they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Revision(pub(super) Micros, pub(super) i64);

/// Bits of an event's hash that tell revisions of one time apart, its sign among
/// them: what SQLite keeps in 6 bytes.
const REVISION_BITS: u32 = 48;

/// How much later than its receipt an event may say that it is. A clock that is
/// further ahead must not keep a trace running for years.
const MAX_AHEAD_US: Micros = 60 * 60 * 1_000_000;

/// An event, and the batch that it was sent in.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The batch.
    pub batch: &'a BatchRef,
    /// Its place among those that are written together.
    pub at: usize,
    /// Its body, in which the event's bytes lie.
    pub body: &'a [u8],
    /// The event.
    pub event: &'a Event<'a>,
}

impl Sent<'_> {
    /// What tells this event's revision from another of the same time.
    fn hash(&self) -> i64 {
        let bytes = self.body.get(self.event.range.clone()).unwrap_or_default();
        xxh3_64(bytes).cast_signed() >> (u64::BITS - REVISION_BITS)
    }

    /// Where the event's context lies: offset and length of each range, with commas.
    pub(super) fn context(&self) -> Option<String> {
        let ranges = self.event.context.as_ref()?.iter();
        let numbers = ranges.map(|range| format!("{},{}", range.start, range.len()));
        Some(numbers.collect::<Vec<_>>().join(","))
    }

    /// The id of a span that says none.
    pub(super) fn made_up_id(&self) -> Rc<str> {
        format!("{}-{}", self.batch.id, self.event.index).into()
    }

    /// The revision of an event that says these times of itself.
    pub(super) fn revision(&self, start: Option<Micros>, end: Option<Micros>) -> Revision {
        Revision(self.event.timestamp.or(end).or(start).unwrap_or(0), self.hash())
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

    fn received_us(&self) -> Micros {
        self.batch.received.saturating_mul(1_000)
    }
}
