//! From rows of traces to what they mean. Payloads are not here; a row says where they
//! lie. Spans are [`super::found`]'s.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use serde_tuple::Deserialize_tuple;

use super::{QueryResults, decode};
use crate::batch::BatchRef;
use crate::error::Fault;
use crate::model::{Micros, Millis, Progress, TraceStatus};
use ingest_core::fold::compact_id::unpack;
use ingest_core::fold::head::Head;
use ingest_core::fold::place::{BatchName, Place};
use ingest_core::named_row;
use ingest_core::pack::{head, hex};

named_row! {
    /// A trace as the index has it.
    #[derive(Debug, Clone, PartialEq, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct TraceRow {
        pub project: String,
        /// Its key, in text.
        pub key: String,
        pub id: String,
        pub name: String,
        pub start_us: Micros,
        pub end_us: Option<Micros>,
        pub spans: i64,
        pub errors: i64,
        pub tokens: i64,
        pub cost_nano: i64,
        pub created_ms: Millis,
        pub session: Option<String>,
        pub user: Option<String>,
        pub parent_trace: Option<String>,
        pub deployment: Option<String>,
        pub tags: Option<String>,
        pub evaluators: Option<String>,
        pub metadata: Option<String>,
        pub input_preview: Option<String>,
        pub output_preview: Option<String>,
        /// What else is packed in its row, in hexadecimal digits: of one trace alone, and
        /// where its metadata is not in its row.
        pub head: Option<String>,
        pub open: i64,
        pub root_child: u8,
        pub active_us: Micros,
        pub ended: u8,
        pub root_failed: Option<u8>,
        pub failures: i64,
        pub error_preview: Option<String>,
        /// How many scores it has, where that was asked.
        pub scores: Option<i64>,
    }
}

impl TraceRow {
    /// How the trace goes or went, as of a time.
    #[must_use]
    pub fn status(&self, now: Millis) -> TraceStatus {
        let Self { spans, errors, open, root_child, active_us, ended, root_failed, .. } = *self;
        let progress = Progress { spans, errors, open, root_child, active_us, ended, root_failed };
        TraceStatus::of(&progress, now)
    }

    /// Counts scores that only its spans tell to be its.
    pub fn count_more_scores(&mut self, more: usize) {
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        self.scores = self.scores.map(|scores| scores.saturating_add(more));
    }

    /// Where the events lie that its metadata has to be read from, the oldest first, where
    /// it has to: it is too long for the index, or several events make it.
    #[must_use]
    pub fn metadata_elsewhere(&self) -> Option<Vec<Slice>> {
        let elsewhere = self.metadata.as_deref() == Some("") && self.head.is_some();
        elsewhere.then(|| self.slices(|head| head.metadata.places()))
    }

    /// Where the event lies that says its own input, in formats whose traces have one.
    #[must_use]
    pub fn own_input(&self) -> Option<Slice> {
        self.slices(|head| head.input.iter().map(|told| &told.value).collect()).pop()
    }

    /// The same of its output.
    #[must_use]
    pub fn own_output(&self) -> Option<Slice> {
        self.slices(|head| head.output.iter().map(|told| &told.value).collect()).pop()
    }

    /// Where some of what is packed lies; of what is damaged nothing is found.
    fn slices(&self, places: impl Fn(&Head) -> Vec<&Place>) -> Vec<Slice> {
        let bytes = self.head.as_deref().and_then(hex::read).unwrap_or_default();
        let head = head::read(&bytes, self.start_us).unwrap_or_default();
        let mut objects = Objects::of(&self.project);
        places(&head).into_iter().map(|place| objects.slice(place)).collect()
    }
}

/// Where an event lies: some bytes of a raw object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The object's key: many spans lie in one.
    pub object: Rc<str>,
    /// Where the bytes begin.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
    /// Where what the event cannot be understood without lies, in the same object.
    pub context: Vec<Range<u64>>,
}

impl Slice {
    /// The event's own bytes.
    #[must_use]
    pub fn own(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.length)
    }

    /// Bytes that it takes to read the event after another one has been read: a context
    /// that both have is read once.
    #[must_use]
    pub fn bytes_after(&self, other: Option<&Self>) -> u64 {
        let shared = other
            .is_some_and(|other| (&other.object, &other.context) == (&self.object, &self.context));
        let context = self.context.iter().map(|range| range.end.saturating_sub(range.start));
        self.length.saturating_add(if shared { 0 } else { context.sum() })
    }
}

/// Keys of raw objects, each made once.
#[derive(Debug)]
pub(super) struct Objects<'a> {
    project: &'a str,
    known: HashMap<Rc<BatchName>, Rc<str>>,
    /// The last of them: most often the next one's.
    last: Option<(Rc<BatchName>, Rc<str>)>,
}

impl<'a> Objects<'a> {
    pub(super) fn of(project: &'a str) -> Self {
        Self { project, known: HashMap::new(), last: None }
    }

    /// Where a place is.
    pub(super) fn slice(&mut self, place: &Place) -> Slice {
        let last = self.last.as_ref().filter(|(last, _)| *last == place.batch);
        let object = if let Some((_, object)) = last {
            Rc::clone(object)
        } else if let Some(object) = self.known.get(&place.batch) {
            Rc::clone(object)
        } else {
            let BatchName { received, id, ending } = &*place.batch;
            let (project, id) = (self.project.into(), (&**id).into());
            let batch = BatchRef { project, id, received: *received, ending: (&**ending).into() };
            let object: Rc<str> = batch.key().into();
            self.known.insert(Rc::clone(&place.batch), Rc::clone(&object));
            object
        };
        if last.is_none() {
            self.last = Some((Rc::clone(&place.batch), Rc::clone(&object)));
        }
        let range = |(offset, length): &(u64, u64)| *offset..offset.saturating_add(*length);
        let context = place.context.iter().flat_map(|context| context.iter().map(range));
        Slice { object, offset: place.offset, length: place.length, context: context.collect() }
    }
}

/// A trace's key, which comes as text: its place in its project's list.
///
/// # Errors
/// [`Fault::Internal`] for one that is none.
pub(super) fn read_key(key: &str) -> Result<i64, Fault> {
    key.parse().map_err(|e| Fault::Internal(format!("a key of the index: {e}")))
}

/// The traces of a list.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what `query` asks for.
pub fn read_traces(rows: &[String]) -> Result<Vec<TraceRow>, Fault> {
    rows.iter().map(|row| trace_row(row)).collect()
}

/// A trace's row, as [`super::spans::select_trace_row`] asks for it; `None` when the project
/// has no such trace.
///
/// # Errors
/// As [`read_traces`].
pub fn read_trace_row(ran: &QueryResults) -> Result<Option<TraceRow>, Fault> {
    ran.rows.first().and_then(|rows| rows.first()).map(|row| trace_row(row)).transpose()
}

fn trace_row(row: &str) -> Result<TraceRow, Fault> {
    let row: TraceRow = decode(row)?;
    Ok(TraceRow { id: unpack(row.id), ..row })
}
