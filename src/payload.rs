//! Events out of raw batches: many small slices of few objects, read in few
//! requests, and decoded again. What could not be read says why, and never fails the rest.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use futures_util::{StreamExt, stream};

use crate::batch::RawStore;
use crate::error::Fault;
use crate::formats;
use crate::index::read::{Slice, Span};
use crate::memory_budget::{MemoryBudget, MemoryShare};
use crate::model::{Body, Event, Millis, SpanBody, TraceBody};

/// Slices of one object closer together than this are read at once: a read
/// costs a request, the bytes between cost nothing.
const MAX_GAP_BYTES: u64 = 256 * 1024;
/// As long as what lies between comes to no more than this in one plan: it costs
/// memory.
const MAX_GAPS_BYTES: u64 = 2 * 1024 * 1024;
/// Reads under way at once: a Worker may wait for six.
const CONCURRENCY: usize = 6;

/// Why a payload is not there.
pub type Missing = &'static str;

/// The index and the raw batch do not agree.
const ODD: Missing = "the raw batch is not what the index says";

/// What was read, by object.
#[derive(Debug)]
pub struct Payloads {
    parts: HashMap<Rc<str>, Vec<ReadPart>>,
    /// What they hold, unless somebody else accounts for it.
    _share: Option<MemoryShare>,
}

#[derive(Debug)]
struct ReadPart {
    range: Range<u64>,
    bytes: Result<Vec<u8>, Missing>,
}

impl Payloads {
    /// Reads these slices, and holds twice what they have: an answer is made of
    /// them.
    ///
    /// # Errors
    /// That of [`MemoryBudget::take`].
    pub async fn read(
        store: &impl RawStore,
        slices: &[&Slice],
        budget: &Rc<MemoryBudget>,
        now: Millis,
    ) -> Result<Self, Fault> {
        let plan = plan(slices);
        let bytes: u64 = plan.iter().map(|(_, range)| range.end.saturating_sub(range.start)).sum();
        let share = budget.take(2 * bytes, now)?;
        Ok(Self { _share: Some(share), ..Self::fetch(store, plan).await })
    }

    /// Makes the reads of a [`plan`]. Who asks accounts for their memory.
    pub async fn fetch(store: &impl RawStore, plan: Vec<Read>) -> Self {
        let mut read = stream::iter(plan.into_iter().map(|(object, range)| async move {
            let bytes = match store.get(&object, Some(range.clone())).await {
                Ok(Some(bytes)) => Ok(bytes),
                Ok(None) => Err("the raw batch is not in the store"),
                Err(_) => Err("the raw batch could not be read; try again"),
            };
            (object, ReadPart { range, bytes })
        }))
        .buffer_unordered(CONCURRENCY);
        let mut parts: HashMap<Rc<str>, Vec<ReadPart>> = HashMap::new();
        while let Some((object, part)) = read.next().await {
            parts.entry(object).or_default().push(part);
        }
        Self { parts, _share: None }
    }

    /// One of the slices that were read.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn get(&self, slice: &Slice) -> Result<&str, Missing> {
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

    /// The event that lies there, decoded again by the format of its raw batch.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn event(&self, slice: &Slice) -> Result<Event<'_>, Missing> {
        formats::decode_event(&slice.object, self.get(slice)?).ok_or(ODD)
    }

    /// What a span's own event says.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn span(&self, span: &Span) -> Result<SpanBody<'_>, Missing> {
        match self.event(span.slice.as_ref().ok_or(ODD)?)?.body {
            Body::Span(body) => Ok(body),
            Body::Trace(_) => Err(ODD),
        }
    }

    /// What a trace's own event says, where it lies there.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn trace(&self, slice: &Slice) -> Result<TraceBody<'_>, Missing> {
        match self.event(slice)?.body {
            Body::Trace(body) => Ok(body),
            Body::Span(_) => Err(ODD),
        }
    }
}

/// A part of an object to read.
pub type Read = (Rc<str>, Range<u64>);

/// The reads that cover the slices, in the order in which objects first come.
#[must_use]
pub fn plan(slices: &[&Slice]) -> Vec<Read> {
    let mut order: Vec<&Rc<str>> = Vec::new();
    let mut by_object: HashMap<&str, Vec<Range<u64>>> = HashMap::new();
    for slice in slices {
        let ranges = by_object.entry(&slice.object).or_default();
        if ranges.is_empty() {
            order.push(&slice.object);
        }
        ranges.push(slice.offset..slice.offset.saturating_add(slice.length));
    }
    let mut reads: Vec<Read> = Vec::new();
    let mut gaps = 0;
    for object in order {
        let mut ranges = by_object.remove(&**object).unwrap_or_default();
        ranges.sort_unstable_by_key(|r| (r.start, r.end));
        let first = reads.len();
        for range in ranges {
            let last = reads.get_mut(first..).and_then(<[_]>::last_mut);
            let gap = last.as_ref().map(|(_, last)| range.start.saturating_sub(last.end));
            match (last, gap) {
                (Some((_, last)), Some(gap))
                    if gap <= MAX_GAP_BYTES && gaps + gap <= MAX_GAPS_BYTES =>
                {
                    gaps += gap;
                    last.end = last.end.max(range.end);
                }
                _ => reads.push((Rc::clone(object), range)),
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
    fn reads_little_of_what_lies_between() {
        let slices: Vec<_> = (0..100).map(|n| slice("a", n * MAX_GAP_BYTES, 10)).collect();
        let reads = plan(&slices.iter().collect::<Vec<_>>());
        let bytes: u64 = reads.iter().map(|(_, range)| range.end - range.start).sum();
        assert!((1_000..1_000 + MAX_GAPS_BYTES).contains(&bytes), "{bytes}");
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
            [("b".into(), 0..10), ("b".into(), far..far + 5), ("a".into(), 0..60)]
        );
    }
}
