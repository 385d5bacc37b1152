//! What events come to: a trace is the fold of everything that was ever said of it.
//! Folding commutes and may be repeated: `merge` of two folds is the fold of both
//! sets of events, so no order, split or repetition makes a difference.
//!
//! [`span`] folds the events of a span field by field, [`spans`] holds a trace's spans,
//! [`head`] what is said of the trace itself, [`trace`] both together. How a fold is
//! kept is `pack`'s and `index_writer`'s.

pub mod compact_id;
pub mod cut;
pub mod head;
pub mod metadata;
pub mod part;
pub mod place;
pub mod root;
pub mod sent;
pub mod span;
pub mod spans;
pub mod standing;
pub mod tags;
pub mod trace;

use xxhash_rust::xxh3::xxh3_64;

use self::compact_id::pack;

/// What is kept of a parent's or an envelope's id. At a million spans in a trace the
/// odds that any two ids share one are 1 in 37 million, and then one parent would be
/// wrong.
#[must_use]
pub fn link(id: &str) -> u64 {
    link_of_kept(&pack(id))
}

/// The same of an id as [`compact_id`] packs it.
#[must_use]
pub fn link_of_kept(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}
