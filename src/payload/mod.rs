//! Events out of raw batches: many small slices of few objects, read in few
//! requests, and decoded again. What could not be read says why, and never fails the rest.

mod merge;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use futures_util::{StreamExt, stream};

use crate::batch::RawStore;
use crate::error::Fault;
use crate::formats::Formats;
use crate::formats::wire_format::{EventBytes, WireFormat};
use crate::index::found::Span;
use crate::index::read::Slice;
use crate::memory_budget::{MemoryBudget, MemoryShare};
use crate::model::{Body, Event, Json, Millis, SpanBody};

/// Slices of one object closer together than this are read at once: a read
/// costs a request, the bytes between cost nothing.
const MAX_GAP_BYTES: u64 = 256 * 1024;
/// As long as what lies between comes to no more than this in one plan: it costs
/// memory.
const MAX_GAPS_BYTES: u64 = 2 * 1024 * 1024;
/// Reads under way at once: a Worker may wait for six.
const CONCURRENCY: usize = 6;

/// What went in and what came out.
pub type Content<'a> = (Option<Json<'a>>, Option<Json<'a>>);

/// Why a payload is not there.
pub type Missing = &'static str;

/// The index and the raw batch do not agree.
const ODD: Missing = "the raw batch is not what the index says";

/// Another release wrote it.
const UNKNOWN: Missing = "the raw batch is in a format that is not known here";

/// Where payloads come from, and how much of an isolate they may take.
#[derive(Debug)]
pub struct Source<'a, S> {
    /// The raw batches.
    pub store: &'a S,
    /// What they may be in.
    pub formats: Formats,
    /// What this isolate's answers hold.
    pub budget: &'a Rc<MemoryBudget>,
    /// The time.
    pub now: Millis,
}

/// What was read, by object.
#[derive(Debug)]
pub struct Payloads {
    formats: Formats,
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
        source: &Source<'_, impl RawStore>,
        slices: &[&Slice],
    ) -> Result<Self, Fault> {
        let plan = plan(slices);
        let bytes: u64 = plan.iter().map(|(_, range)| range.end.saturating_sub(range.start)).sum();
        let share = source.budget.take(2 * bytes, source.now)?;
        Ok(Self { _share: Some(share), ..Self::fetch(source, plan).await })
    }

    /// Makes the reads of a [`plan`]. Who asks accounts for their memory.
    pub async fn fetch(source: &Source<'_, impl RawStore>, plan: Vec<Read>) -> Self {
        let store = source.store;
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
        Self { formats: source.formats, parts, _share: None }
    }

    /// The event that lies there, as JSON text for people to read.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn show(&self, slice: &Slice) -> Result<Cow<'_, str>, Missing> {
        let (format, bytes) = self.find(slice)?;
        (format.show_event)(&bytes).ok_or(ODD)
    }

    /// What a span's events say together.
    ///
    /// # Errors
    /// Why one of them is not there.
    pub fn span(&self, span: &Span) -> Result<SpanBody<'_>, Missing> {
        let body = |slice| {
            let mut spans = self.events(slice)?.into_iter().filter_map(|event| match event.body {
                Body::Span(body) => Some((event.rank, body)),
                Body::Trace(_) | Body::Score(_) => None,
            });
            spans.next().ok_or(ODD)
        };
        let bodies = span.slices.iter().map(body).collect::<Result<_, _>>()?;
        merge::merge_bodies(bodies).ok_or(ODD)
    }

    /// A trace's metadata, which events of its own say that lie there, or one of its spans.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn trace_metadata(&self, slices: &[Slice]) -> Result<Option<Json<'_>>, Missing> {
        if slices.is_empty() {
            return Err(ODD);
        }
        slices.iter().try_fold(None, |all, slice| {
            let event = self.events(slice)?.into_iter().next().ok_or(ODD)?;
            let metadata = match event.body {
                Body::Trace(trace) => trace.metadata,
                Body::Span(span) => {
                    span.of_trace.and_then(|said| said.metadata).map(|said| said.value)
                }
                Body::Score(_) => None,
            };
            Ok(merge::merge_metadata(all, metadata))
        })
    }

    /// A trace's own input and output, as far as the event that lies there says them.
    ///
    /// # Errors
    /// Why it is not there.
    pub fn trace_content(&self, slice: &Slice) -> Result<Content<'_>, Missing> {
        match self.events(slice)?.into_iter().next().ok_or(ODD)?.body {
            Body::Trace(trace) => Ok((trace.input, trace.output)),
            Body::Span(_) | Body::Score(_) => Err(ODD),
        }
    }

    /// The events that lie there, decoded again by the format of their raw batch.
    fn events(&self, slice: &Slice) -> Result<Vec<Event<'_>>, Missing> {
        let (format, bytes) = self.find(slice)?;
        Ok((format.decode_event)(&bytes))
    }

    fn find(&self, slice: &Slice) -> Result<(&'static WireFormat, EventBytes<'_>), Missing> {
        let format = self.formats.of_key(&slice.object).ok_or(UNKNOWN)?;
        let own = self.bytes(slice, &slice.own())?;
        let context = slice.context.iter().map(|range| self.bytes(slice, range));
        Ok((format, EventBytes { own, context: context.collect::<Result<_, _>>()? }))
    }

    /// Bytes of a slice's object that were read.
    fn bytes(&self, slice: &Slice, range: &Range<u64>) -> Result<&[u8], Missing> {
        if range.is_empty() {
            return Ok(&[]);
        }
        let parts = self.parts.get(&slice.object).map(Vec::as_slice).unwrap_or_default();
        let part = parts
            .iter()
            .find(|p| p.range.start <= range.start && range.end <= p.range.end)
            .ok_or(ODD)?;
        let bytes = part.bytes.as_deref().map_err(|why| *why)?;
        let place = |at: u64| usize::try_from(at - part.range.start).map_err(|_| ODD);
        bytes.get(place(range.start)?..place(range.end)?).ok_or(ODD)
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
        ranges.push(slice.own());
        ranges.extend(slice.context.iter().filter(|range| !range.is_empty()).cloned());
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
        Slice { object: object.into(), offset, length, context: Vec::new() }
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
