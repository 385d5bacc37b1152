//! R2 in memory, behind the service's port. It answers at once and never fails: what goes
//! wrong is put around it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

use edgespan::batch::{Listed, RawStore};
use edgespan::error::Fault;

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

impl RawStore for Objects {
    type Body = Vec<u8>;

    fn body_of(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    async fn put(&self, key: &str, body: &Vec<u8>) -> Result<(), Fault> {
        self.objects.borrow_mut().insert(key.into(), body.clone());
        Ok(())
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        self.reads.set(self.reads.get() + 1);
        let objects = self.objects.borrow();
        Ok(objects.get(key).map(|bytes| match part {
            Some(part) => {
                let place = |at: u64| usize::try_from(at).unwrap().min(bytes.len());
                bytes[place(part.start)..place(part.end)].to_vec()
            }
            None => bytes.clone(),
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
