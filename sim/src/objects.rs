//! R2 in memory, behind the service's port. It answers at once and never fails: what goes
//! wrong is put around it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

use edgespan::batch::{Listed, MAX_INFLATED_BYTES, RawStore, is_gzipped};
use edgespan::error::Fault;
use edgespan::http::body::{Encoding, decompress};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A bucket. Counts how often it is read.
#[derive(Debug, Default)]
#[allow(clippy::struct_field_names, reason = "the objects are what it has")]
pub struct Objects {
    /// What it has, by key.
    pub objects: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Reads of an object, or of a part of one.
    pub reads: Cell<usize>,
    /// Most keys that a listing gives, whatever is asked for: R2 may give fewer.
    pub lists_at_most: Option<usize>,
}

impl Objects {
    /// All keys, with the bodies of the batches that lie there.
    #[must_use]
    pub fn bodies(&self) -> Vec<(String, Vec<u8>)> {
        let objects = self.objects.borrow();
        objects.iter().map(|(key, bytes)| (key.clone(), body_of(key, bytes))).collect()
    }
}

/// What an object has, its compression taken off; nothing where it is damaged.
fn body_of(key: &str, bytes: &[u8]) -> Vec<u8> {
    let known = if is_gzipped(key) { Encoding::Gzip } else { Encoding::Identity };
    decompress(known, bytes, MAX_INFLATED_BYTES).unwrap_or_default()
}

/// The bytes as gzip.
///
/// # Panics
/// Never.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

impl RawStore for Objects {
    type Body = Vec<u8>;

    fn body_of(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    async fn compress(&self, body: &Vec<u8>) -> Option<(Vec<u8>, usize)> {
        let small = gzip(body);
        let length = small.len();
        (length < body.len()).then_some((small, length))
    }

    async fn put(&self, key: &str, body: &Vec<u8>) -> Result<(), Fault> {
        self.objects.borrow_mut().insert(key.into(), body.clone());
        Ok(())
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        self.reads.set(self.reads.get() + 1);
        let objects = self.objects.borrow();
        let body = objects.get(key).map(|bytes| body_of(key, bytes));
        Ok(body.map(|bytes| match part {
            Some(part) => {
                let place = |at: u64| usize::try_from(at).unwrap().min(bytes.len());
                bytes[place(part.start)..place(part.end)].to_vec()
            }
            None => bytes,
        }))
    }

    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault> {
        let objects = self.objects.borrow();
        let mut keys = objects.keys().filter(|key| key.as_str() > after);
        let most = self.lists_at_most.map_or(most, |bound| bound.min(most));
        let given: Vec<_> = keys.by_ref().take(most).cloned().collect();
        Ok(Listed { keys: given, more: keys.next().is_some() })
    }
}
