//! The raw batch: one object in R2, never changed once written. Here are its
//! content-addressed id, its time-ordered key, and the port to the store.
//! Reading events out of it is `formats`'s.

use std::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128_with_seed};

use crate::error::Fault;
use crate::limits::{MAX_BODY_BYTES, MAX_MULTIPART_BODY_BYTES, MAX_OTLP_BODY_BYTES};
use crate::model::Millis;
use crate::time;

/// Where a raw batch lies, and everything that its place says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRef {
    /// The project that it belongs to.
    pub project: String,
    /// 128 bits of XXH3 over the body, seeded with the project and the format: 32
    /// hexadecimal digits. The same body of the same project is the same batch, unless
    /// it came in another format: one text may be a good body of two. Not
    /// cryptographic: a client can only collide with itself. Where each sending counts, it
    /// is made otherwise: [`BatchRef::sent_once`].
    pub id: String,
    /// When it was received, by the edge's clock.
    pub received: Millis,
    /// What its key ends in, after the first dot: which wire format its bytes are in, and
    /// [`GZIP`] where the object has them compressed.
    pub ending: String,
}

impl BatchRef {
    /// The batch that this body is.
    #[must_use]
    pub fn of(project: &str, body: &[u8], received: Millis, ending: &str) -> Self {
        let seed = xxh3_64(format!("{project}/{}", without_gzip(ending)).as_bytes());
        let id = xxh3_128_with_seed(body, seed);
        Self { project: project.into(), id: format!("{id:032x}"), received, ending: ending.into() }
    }

    /// The batch that this body is in a format in which the same body counts each time that
    /// it is sent. The first half of its id is random, the second is 64 bits of XXH3 over
    /// the body, seeded with that and all else: so no two sendings are one batch, and who has
    /// the body can still tell whether it is the one.
    #[must_use]
    pub fn sent_once(
        project: &str,
        body: &[u8],
        received: Millis,
        ending: &str,
        random: u64,
    ) -> Self {
        let ending_of_format = without_gzip(ending);
        let seed = xxh3_64(format!("{project}/{ending_of_format}/{random:016x}").as_bytes());
        let id = format!("{random:016x}{:016x}", xxh3_64_with_seed(body, seed));
        Self { project: project.into(), id, received, ending: ending.into() }
    }

    /// Whether this is the body that the batch is named by; `counts_again`: whether each
    /// sending counts.
    #[must_use]
    pub fn is_of(&self, body: &[u8], counts_again: bool) -> bool {
        let Self { project, received, ending, .. } = self;
        if !counts_again {
            return Self::of(project, body, *received, ending) == *self;
        }
        let random = self.id.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let named = |random| Self::sent_once(project, body, *received, ending, random);
        random.is_some_and(|random| named(random) == *self)
    }

    /// The same batch, its object compressed: its id says nothing of that, so a body that is
    /// sent once in this form and once in the other is one batch in two objects, of which the
    /// first counts.
    #[must_use]
    pub fn gzipped(self) -> Self {
        Self { ending: format!("{}{GZIP}", without_gzip(&self.ending)), ..self }
    }

    /// Which of two objects of one batch counts: that of the lesser. The one that was received
    /// first; of two in one millisecond that which places in a trace order first, too.
    #[must_use]
    pub fn precedence(&self) -> (Millis, &str) {
        (self.received, &self.ending)
    }

    /// The object's key: `raw/20261122T061930.123Z/<project>/<id>.json`. The
    /// time comes first, so that a listing is in order of arrival over all
    /// projects and can begin where the last one ended.
    #[must_use]
    pub fn key(&self) -> String {
        let (id, ending) = (&self.id, &self.ending);
        format!("{}/{}/{id}.{ending}", key_at(self.received), self.project)
    }

    /// The batch whose object has this key; `None` for a key not made by
    /// [`BatchRef::key`].
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix(PREFIX)?.split('/');
        let (time, project, name) = (parts.next()?, parts.next()?, parts.next()?);
        let (id, ending) = name.split_once('.')?;
        let received = time_of(time)?;
        let found =
            Self { project: project.into(), id: id.into(), received, ending: ending.into() };
        let sound = parts.next().is_none() && is_ending(ending) && found.key() == key;
        sound.then_some(found)
    }
}

/// Longest ending of a key, in bytes.
const MAX_ENDING_BYTES: usize = 24;

/// What the key of an object ends in that has its body compressed by gzip, as one member
/// (RFC 1952). Offsets and lengths in it count the bytes of the body.
pub const GZIP: &str = ".gz";

/// Whether the object of this key is compressed.
#[must_use]
pub fn is_gzipped(key: &str) -> bool {
    key.ends_with(GZIP)
}

/// An ending as the wire format has it.
fn without_gzip(ending: &str) -> &str {
    ending.strip_suffix(GZIP).unwrap_or(ending)
}

/// Whether a key may end in this.
#[must_use]
pub fn is_ending(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.';
    (1..=MAX_ENDING_BYTES).contains(&text.len()) && text.bytes().all(plain)
}

/// Which wire format the object's bytes are in, by its key: what that ends in, but for
/// [`GZIP`].
#[must_use]
pub fn ending_of(key: &str) -> Option<&str> {
    let (_, name) = key.rsplit_once('/')?;
    name.split_once('.').map(|(_, ending)| without_gzip(ending))
}

/// What every raw object's key begins with.
pub const PREFIX: &str = "raw/";

/// What the keys of batches received at this time begin with: a place in the
/// order of keys.
#[must_use]
pub fn key_at(at: Millis) -> String {
    format!("{PREFIX}{}", key_time(at))
}

/// The time part of a key: fixed width, so text order is time order. In the
/// basic format of ISO 8601, which has no colons.
fn key_time(at: Millis) -> String {
    time::with_millis(at.saturating_mul(1_000)).replace(['-', ':'], "")
}

/// What [`key_time`] wrote.
fn time_of(key: &str) -> Option<Millis> {
    let part = |range| key.get(range);
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, rest) = (part(9..11)?, part(11..13)?, key.get(13..)?);
    let extended = format!("{year}-{month}-{day}T{hour}:{minute}:{rest}");
    Some(time::parse(&extended)?.div_euclid(1_000))
}

/// Most bytes that are read of the body of a compressed object: no body is larger.
pub const MAX_INFLATED_BYTES: usize = MAX_OTLP_BODY_BYTES;
const _: () = assert!(MAX_INFLATED_BYTES >= MAX_MULTIPART_BODY_BYTES);
const _: () = assert!(MAX_INFLATED_BYTES >= MAX_BODY_BYTES);

/// The store of raw batches. Implemented over R2 by `edge`.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait RawStore {
    /// A body as the platform hands it over, so that it can be passed on
    /// without being copied.
    type Body;

    /// A body of this service's own making.
    fn body_of(&self, bytes: &[u8]) -> Self::Body;

    /// The body as one member of gzip, and its length; `None` where it would not get smaller.
    async fn compress(&self, body: &Self::Body) -> Option<(Self::Body, usize)>;

    /// Stores the body under the key, compressed already where the key says that it is. Storing
    /// it again changes nothing.
    async fn put(&self, key: &str, body: &Self::Body) -> Result<(), Fault>;

    /// The object's bytes, or those of a part of it; `None` when there is none. Of one that is
    /// compressed, the bytes of its body, up to [`MAX_INFLATED_BYTES`]; should it be damaged,
    /// what comes out before that, which is not the body that the batch is named by.
    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault>;

    /// The first keys of raw batches after this place in their order: at most
    /// `most`, and perhaps fewer than there are.
    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault>;
}

/// What a listing gave.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The keys, in order.
    pub keys: Vec<String>,
    /// Whether there are more after the last. Only this says so: a store may
    /// give fewer keys than were asked for.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_says_everything_and_reads_back() {
        let batch = BatchRef::of("p1", b"{}", 1_795_328_370_123, "json");
        assert_eq!(batch.key(), format!("raw/20261122T061930.123Z/p1/{}.json", batch.id));
        assert_eq!(BatchRef::parse(&batch.key()), Some(batch));
    }

    #[test]
    fn reads_keys_of_formats_that_only_another_release_knows() {
        let key = "raw/20261122T061930.123Z/p/0.later.pb";
        assert_eq!(BatchRef::parse(key).map(|batch| batch.key()), Some(key.into()));
        assert_eq!(ending_of(key), Some("later.pb"));
    }

    #[test]
    fn compressed_or_not_it_is_the_same_batch_in_another_object() {
        let plain = BatchRef::of("p1", b"{}", 1_795_328_370_123, "langsmith.parts");
        let small = plain.clone().gzipped();
        assert_eq!(small.key(), format!("{}.gz", plain.key()));
        assert_eq!(small, BatchRef::of("p1", b"{}", small.received, &small.ending));
        assert_eq!((&small.id, small.clone().gzipped()), (&plain.id, small.clone()));
        assert_eq!(BatchRef::parse(&small.key()), Some(small.clone()));
        assert_eq!(ending_of(&small.key()), Some("langsmith.parts"));
        assert!(is_gzipped(&small.key()) && !is_gzipped(&plain.key()));
        assert!(small.is_of(b"{}", false) && !small.is_of(b"[]", false));
        let once = BatchRef::sent_once("p1", b"x", 1, "json", 7);
        assert!(once.clone().gzipped().is_of(b"x", true));
        assert_eq!(once.clone().gzipped(), BatchRef::sent_once("p1", b"x", 1, "json.gz", 7));
        assert!(plain.precedence() < small.precedence());
        assert!(
            small.precedence() < BatchRef { received: small.received + 1, ..plain }.precedence()
        );
    }

    #[test]
    fn id_depends_on_project_body_and_format_only() {
        let id = |p: &str, b: &[u8], t, ending: &str| BatchRef::of(p, b, t, ending).id;
        assert_eq!(id("a", b"x", 1, "json"), id("a", b"x", 2, "json"));
        assert_ne!(id("a", b"x", 1, "json"), id("b", b"x", 1, "json"));
        assert_ne!(id("a", b"x", 1, "json"), id("a", b"y", 1, "json"));
        assert_ne!(id("a", b"x", 1, "json"), id("a", b"x", 1, "otlp.json"));
    }

    #[test]
    fn where_each_sending_counts_no_two_are_one_and_the_body_still_tells() {
        let once = |project, body: &[u8], random| {
            BatchRef::sent_once(project, body, 1_795_328_370_123, "scores.json", random)
        };
        let first = once("a", b"x", 7);
        assert_ne!(first.id, once("a", b"x", 8).id);
        assert_eq!(BatchRef::parse(&first.key()), Some(first.clone()));
        assert!(first.is_of(b"x", true) && !first.is_of(b"y", true) && !first.is_of(b"x", false));
        assert!(!BatchRef { project: "b".into(), ..first.clone() }.is_of(b"x", true));
        assert!(!BatchRef { id: "é".repeat(16), ..first }.is_of(b"x", true));
        let plain = BatchRef::of("a", b"x", 1, "json");
        assert!(plain.is_of(b"x", false) && !plain.is_of(b"y", false) && !plain.is_of(b"x", true));
    }

    #[test]
    fn rejects_keys_of_other_makers() {
        for key in [
            "",
            "raw/",
            "raw/x/p/0.json",
            "raw/20261122T061930.123Z/p/0.json/x",
            "raw/20261122T061930.123Z/p/0.",
            "raw/20261122T061930.123Z/p/0.JSON",
            "raw/20261122T061930.123Z/p/0.json~",
            "raw/20261122T061930Z/p/0.json",
            "other/20261122T061930.123Z/p/0.json",
        ] {
            assert_eq!(BatchRef::parse(key), None, "{key}");
        }
    }
}
