//! Payloads out of raw batches: many small slices of few objects, read in few
//! requests. What could not be read says why, and never fails the rest.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use futures_util::{StreamExt, stream};

use crate::batch::RawStore;
use crate::error::Fault;
use crate::model::Millis;
use crate::store::read::Slice;

/// Slices of one object closer together than this are read at once: a read
/// costs a request, the bytes between cost nothing.
const MAX_GAP_BYTES: u64 = 256 * 1024;
/// Most bytes read for one answer, and held by all answers under way in an
/// isolate: it has 128 MB for everything, and an answer that is being put
/// together holds its bytes up to three times.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Most reads for one answer; a free account may make 1,000 of its own
/// services in one request (developers.cloudflare.com/workers/platform/limits).
const MAX_READS: usize = 500;
/// Reads under way at once: a Worker may wait for six.
const CONCURRENCY: usize = 6;

/// Why a payload is not there.
pub type Missing = &'static str;

/// What the answers under way in an isolate hold. One for each isolate.
#[derive(Debug, Default)]
pub struct Held {
    holds: RefCell<Vec<Hold>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hold {
    since: Millis,
    bytes: u64,
}

/// A request that the platform has cut off is never heard of again; what it
/// held is taken for free after this.
const HOLD_MS: Millis = 30_000;

impl Held {
    /// Holds so many bytes, if there is room.
    fn take(self: &Rc<Self>, bytes: u64, now: Millis) -> Option<Release> {
        let mut holds = self.holds.borrow_mut();
        holds.retain(|hold| (0..HOLD_MS).contains(&(now - hold.since)));
        let taken: u64 = holds.iter().map(|hold| hold.bytes).sum();
        if taken + bytes > MAX_BYTES {
            return None;
        }
        let mine = Hold { since: now, bytes };
        holds.push(mine);
        Some(Release { held: Rc::clone(self), hold: mine })
    }
}

/// Gives back what is held when it is dropped.
#[derive(Debug)]
struct Release {
    held: Rc<Held>,
    hold: Hold,
}

impl Drop for Release {
    fn drop(&mut self) {
        let mut holds = self.held.holds.borrow_mut();
        if let Some(at) = holds.iter().position(|hold| *hold == self.hold) {
            holds.swap_remove(at);
        }
    }
}

/// What was read, by object.
#[derive(Debug)]
pub struct Payloads {
    parts: HashMap<String, Vec<Part>>,
    _release: Release,
}

#[derive(Debug)]
struct Part {
    range: Range<u64>,
    bytes: Result<Vec<u8>, Missing>,
}

impl Payloads {
    /// Reads these slices.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while other answers hold too much: reads are what
    /// is turned away when an isolate's memory gets short.
    pub async fn read(
        store: &impl RawStore,
        slices: &[&Slice],
        held: &Rc<Held>,
        now: Millis,
    ) -> Result<Self, Fault> {
        let mut budget = (MAX_BYTES, MAX_READS);
        let planned: Vec<_> = plan(slices)
            .into_iter()
            .map(|(object, range)| {
                let size = range.end.saturating_sub(range.start);
                let fits = size <= budget.0 && budget.1 > 0;
                if fits {
                    budget = (budget.0 - size, budget.1 - 1);
                }
                (object, range, fits)
            })
            .collect();
        let release = held.take(MAX_BYTES - budget.0, now).ok_or_else(|| Fault::Unavailable {
            what: "memory for payloads",
            why: "other answers hold it".into(),
        })?;
        let mut read = stream::iter(planned.into_iter().map(|(object, range, fits)| async move {
            let bytes = if fits {
                match store.get(&object, Some(range.clone())).await {
                    Ok(Some(bytes)) => Ok(bytes),
                    Ok(None) => Err("the raw batch is not in the store"),
                    Err(_) => Err("the raw batch could not be read; try again"),
                }
            } else {
                Err("the trace has more payload than is returned at once")
            };
            (object, Part { range, bytes })
        }))
        .buffer_unordered(CONCURRENCY);
        let mut parts: HashMap<String, Vec<Part>> = HashMap::new();
        while let Some((object, part)) = read.next().await {
            parts.entry(object).or_default().push(part);
        }
        Ok(Self { parts, _release: release })
    }

    /// One of the slices that were read.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn get(&self, slice: &Slice) -> Result<&str, Missing> {
        const ODD: Missing = "the raw batch is not what the index says";
        let end = slice.offset.saturating_add(slice.length);
        let parts = self.parts.get(&slice.object).map(Vec::as_slice).unwrap_or_default();
        let part = parts
            .iter()
            .find(|p| p.range.start <= slice.offset && end <= p.range.end)
            .ok_or(ODD)?;
        let bytes = part.bytes.as_deref().map_err(|why| *why)?;
        let place = |at: u64| usize::try_from(at - part.range.start).map_err(|_| ODD);
        let bytes = bytes.get(place(slice.offset)?..place(end)?).ok_or(ODD)?;
        std::str::from_utf8(bytes).map_err(|_| ODD)
    }
}

/// The reads that cover the slices, in the order in which objects first come.
fn plan(slices: &[&Slice]) -> Vec<(String, Range<u64>)> {
    let mut order: Vec<&str> = Vec::new();
    let mut by_object: HashMap<&str, Vec<Range<u64>>> = HashMap::new();
    for slice in slices {
        let ranges = by_object.entry(&slice.object).or_default();
        if ranges.is_empty() {
            order.push(&slice.object);
        }
        ranges.push(slice.offset..slice.offset.saturating_add(slice.length));
    }
    let mut reads: Vec<(String, Range<u64>)> = Vec::new();
    for object in order {
        let mut ranges = by_object.remove(object).unwrap_or_default();
        ranges.sort_unstable_by_key(|r| (r.start, r.end));
        let first = reads.len();
        for range in ranges {
            match reads.get_mut(first..).and_then(<[_]>::last_mut) {
                Some((_, last)) if range.start <= last.end.saturating_add(MAX_GAP_BYTES) => {
                    last.end = last.end.max(range.end);
                }
                _ => reads.push((object.into(), range)),
            }
        }
    }
    reads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(object: &str, offset: u64, length: u64) -> Slice {
        Slice { object: object.into(), offset, length }
    }

    #[test]
    fn holds_no_more_than_there_is_and_gives_it_back() {
        let held = Rc::new(Held::default());
        let first = held.take(MAX_BYTES - 1, 0).unwrap();
        let second = held.take(1, 1).unwrap();
        assert!(held.take(1, 2).is_none());
        drop(first);
        assert!(held.take(MAX_BYTES - 1, 3).is_some());
        std::mem::forget(second);
        assert!(held.take(MAX_BYTES, 1 + HOLD_MS - 1).is_none());
        assert!(held.take(MAX_BYTES, 1 + HOLD_MS).is_some());
    }

    #[test]
    fn joins_what_is_close_and_keeps_apart_what_is_far() {
        let far = MAX_GAP_BYTES + 100;
        let slices = [
            slice("b", 0, 10),
            slice("a", 50, 10),
            slice("b", far, 5),
            slice("a", 0, 20),
            slice("b", 2, 3),
        ];
        assert_eq!(
            plan(&slices.each_ref()),
            [("b".to_owned(), 0..10), ("b".to_owned(), far..far + 5), ("a".to_owned(), 0..60)]
        );
    }
}
