//! What events come to: a trace is the fold of everything that was ever said of it.
//! Folding commutes and may be repeated: `merge` of two folds is the fold of both
//! sets of events, so no order, split or repetition makes a difference.
//!
//! [`span`] folds the events of a span field by field, [`spans`] holds a trace's spans,
//! [`head`] what is said of the trace itself, [`trace`] both together, [`words`] what texts are
//! found by. [`score`] is for scores, which are kept beside the traces. How a fold is kept is `pack`'s and `index_writer`'s.

pub mod compact_id;
pub mod cut;
pub mod head;
pub mod map;
pub mod metadata;
pub mod model_use;
pub mod part;
pub mod place;
mod preview;
pub mod price;
pub mod root;
pub mod score;
pub mod sent;
pub mod span;
pub mod spans;
pub mod standing;
pub mod tags;
pub mod trace;
pub mod words;

use xxhash_rust::xxh3::xxh3_64;

use self::compact_id::Packed;

/// Bits of a [`link`].
pub const LINK_BITS: u32 = 48;

/// What is kept of a parent's or an envelope's id: [`LINK_BITS`] of XXH3-64. The odds that
/// any two ids of a trace share one are 1 in 5 million where it has ten thousand spans, 1 in
/// 560 where it has a million; and then one parent would be wrong.
#[must_use]
pub fn link(id: &str) -> u64 {
    match compact_id::bytes(id) {
        Some((form, bytes)) => of_bytes(form, &bytes),
        None => of_text(&compact_id::pack(id)),
    }
}

/// The same of an id as [`compact_id`] packs it.
#[must_use]
pub fn link_of_kept(id: &str) -> u64 {
    link_of_packed(&compact_id::read(id))
}

/// The same of an id as it is packed.
#[must_use]
pub fn link_of_packed(id: &Packed) -> u64 {
    match id {
        Packed::Bytes { form, bytes } => of_bytes(*form, bytes),
        Packed::Text(text) => of_text(text),
    }
}

fn of_bytes(form: u8, bytes: &[u8]) -> u64 {
    let mut all = [form; 17];
    for (to, byte) in all.iter_mut().skip(1).zip(bytes) {
        *to = *byte;
    }
    xxh3_64(&all) >> (u64::BITS - LINK_BITS)
}

fn of_text(text: &str) -> u64 {
    xxh3_64(text.as_bytes()) >> (u64::BITS - LINK_BITS)
}
