//! The spans of a trace as bytes.
//!
//! ```text
//! version   1 byte
//! names     as `places` writes them: the words are names and models, too
//! spans     a number; each, in order of start (those without one last) and id:
//!   count   1 byte: the form of the id, and 4 times the number of events less one,
//!           or 31 times 4: then the number of events less one follows as a number;
//!           128: C of its first event is that of the event before, and is left out
//!   id      see `super`
//!   events  each, the oldest first:
//!     A     1 byte: the type, or 15 for none; 16: failed; 32: has an end;
//!           64: has a model; 128: has tokens
//!     B     1 byte: parent: 0 none, 1 a span of the pack, 2 the envelope of one of its
//!           events, 3 a link; 4: has an envelope; 8: and its link is the id's; 16: has
//!           a cost; 32: in the same batch as the event before; 64: has a total of tokens;
//!           128: C2 follows
//!     C     1 byte: 1, 2, 4, 8, 16: the payloads it has (`fold::part::payload`);
//!           32: says nothing of failing; 64: has no name; 128: is an update
//!     C2    1 byte, 0 where it is left out: 1: has no start; 2: has a context;
//!           4: is a supplement; 8: is a piece; 16, 32, 64: its marks (`fold::part::mark`);
//!           128: D follows
//!     D     1 byte, 0 where it is left out: what comes after the cost. 1: a provider;
//!           2, 4, 8, 16: tokens that were cached, written, written for an hour, sound;
//!           32: the span's cost by the table; 64: that by the project's prices
//!     parent, envelope: the difference of places as a signed number, and where an
//!           envelope is meant the event's place; or 6 bytes, the link, the lowest first
//!     name, model: words
//!     start: a signed number, less the start before, of any event
//!     end:  a signed number, less that start
//!     tokens: prompt and completion, each a number: 0 for none, else one more; the total
//!     cost: a signed number
//!     what D says: the provider is 1 byte, tokens are numbers, costs signed numbers
//!     time: a signed number, less the end, or less the start before
//!     hash: 2 bytes, the lowest first
//!     batch: its place, unless it is that of the event before
//!     context: its place from 1, if it has one
//!     offset: a signed number, less the end of the event before in that batch; length
//! ```

mod read;
mod write;

pub use self::read::{read, read_list};
pub use self::write::{write, write_all};

use crate::fold::LINK_BITS;
use crate::fold::place::HASH_BITS;
use crate::model::{Micros, SpanType};

mod a {
    pub(super) const KIND: u8 = 15;
    pub(super) const FAILED: u8 = 16;
    pub(super) const END: u8 = 32;
    pub(super) const MODEL: u8 = 64;
    pub(super) const TOKENS: u8 = 128;
}

mod b {
    pub(super) const PARENT: u8 = 3;
    pub(super) const IN_PACK: u8 = 1;
    pub(super) const ENVELOPE_IN_PACK: u8 = 2;
    pub(super) const ENVELOPE: u8 = 4;
    pub(super) const OF_ID: u8 = 8;
    pub(super) const COST: u8 = 16;
    pub(super) const SAME_BATCH: u8 = 32;
    pub(super) const TOTAL: u8 = 64;
    pub(super) const MORE: u8 = 128;
}

mod c {
    pub(super) const PAYLOADS: u8 = crate::fold::part::payload::ALL;
    pub(super) const SILENT: u8 = 32;
    pub(super) const NAMELESS: u8 = 64;
    pub(super) const UPDATE: u8 = 128;
    pub(super) const NO_START: u8 = 1;
    pub(super) const CONTEXT: u8 = 2;
    pub(super) const SUPPLEMENT: u8 = 4;
    pub(super) const PIECE: u8 = 8;
    /// Where the marks begin.
    pub(super) const MARKS: u32 = 4;
    pub(super) const DETAILS: u8 = 128;
}

mod d {
    pub(super) const PROVIDER: u8 = 1;
    pub(super) const CACHED: u8 = 2;
    pub(super) const CACHE_WRITE: u8 = 4;
    pub(super) const CACHE_WRITE_1H: u8 = 8;
    pub(super) const AUDIO: u8 = 16;
    pub(super) const BY_TABLE: u8 = 32;
    pub(super) const BY_PROJECT: u8 = 64;
}

const _: () = assert!(SpanType::ALL.len() < a::KIND as usize);

/// So many events, less one, fit into the byte of their number.
const MANY: usize = 31;
/// The bit beside it.
const SAME_C: u8 = 128;
/// Bytes of a link.
const LINK_BYTES: u32 = LINK_BITS / 8;
/// Bytes of a hash.
const HASH_BYTES: u32 = HASH_BITS / 8;

/// What differences are taken from.
#[derive(Default)]
struct Before {
    start: Micros,
    c: u8,
    batch: Option<usize>,
    /// Of each batch.
    ends: Vec<u64>,
}

impl Before {
    /// Where the event before ended that lies in a batch.
    fn end(&mut self, batch: usize) -> Option<&mut u64> {
        if self.ends.len() <= batch {
            self.ends.resize(batch + 1, 0);
        }
        self.ends.get_mut(batch)
    }
}

/// The order in which a trace's spans are packed, and read.
#[must_use]
pub fn order(start: Option<Micros>, id: &str) -> (Micros, &str) {
    (start.unwrap_or(Micros::MAX), id)
}
