//! Where an event lies, and how new it is.

use std::rc::Rc;

use crate::batch::BatchRef;
use crate::model::{Micros, Millis, Rank};

/// A raw batch, as far as a place in it names it: with the project it is the object's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchName {
    /// When it was received.
    pub received: Millis,
    /// [`crate::batch::BatchRef::id`].
    pub id: Rc<str>,
    /// [`crate::batch::BatchRef::ending`].
    pub ending: Rc<str>,
}

/// Where what an event cannot be understood without lies: offset and length of each range.
pub type Context = Rc<[(u64, u64)]>;

/// Where an event's bytes lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The raw batch.
    pub batch: Rc<BatchName>,
    /// Where they begin in it.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
    /// What else of the batch belongs to them.
    pub context: Option<Context>,
}

/// Which of two events of one thing is the newer: the greater. The rank comes first,
/// whatever the clocks say; then the time that the event was made decides; then
/// the hash of its bytes, which is as good as any other rule that is the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// What it is to the others, by its protocol.
    pub rank: Rank,
    /// The event's timestamp, or else what comes closest to it. Microseconds.
    pub at_us: Micros,
    /// [`HASH_BITS`] of XXH3-64 over its bytes.
    pub hash: u32,
}

/// Bits of an event's hash that are kept. Two events of one span and one microsecond that
/// share them, 1 in 65,536, still differ in what they say or in their length, as a rule.
pub const HASH_BITS: u32 = 16;

impl BatchName {
    /// What places call a batch.
    #[must_use]
    pub fn of(batch: &BatchRef) -> Rc<Self> {
        let (id, ending) = (Rc::from(&*batch.id), Rc::from(&*batch.ending));
        Rc::new(Self { received: batch.received, id, ending })
    }
}
