//! From rows of the index to what they mean: decoding, and putting parents to
//! spans. Payloads are not here; a row says where they lie.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use serde::Deserialize;
use serde_tuple::Deserialize_tuple;

use super::{QueryResults, decode, link};
use crate::error::Fault;
use crate::model::{Micros, Millis, Progress, Status, TraceStatus};
use ingest_core::index_writer::compact_id::unpack;
use ingest_core::named_row;

named_row! {
    /// A trace as the index has it.
    #[derive(Debug, Clone, PartialEq, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct TraceRow {
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
        pub event_object: Option<String>,
        pub event_offset: Option<u64>,
        pub event_length: Option<u64>,
        pub event_context: Option<String>,
        pub open: i64,
        pub root_child: u8,
        pub active_us: Micros,
        pub ended: u8,
    }
}

impl TraceRow {
    /// How the trace goes or went, as of a time.
    #[must_use]
    pub fn status(&self, now: Millis) -> TraceStatus {
        let Self { spans, errors, open, root_child, active_us, ended, .. } = *self;
        TraceStatus::of(&Progress { spans, errors, open, root_child, active_us, ended }, now)
    }

    /// Where the trace's own event lies, when its metadata has to be read
    /// from there because it was too long for the index.
    #[must_use]
    pub fn metadata_elsewhere(&self) -> Option<Slice> {
        if self.metadata.as_deref() != Some("") {
            return None;
        }
        Some(Slice {
            object: self.event_object.as_deref()?.into(),
            offset: self.event_offset?,
            length: self.event_length?,
            context: read_ranges(self.event_context.as_deref()),
        })
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

/// What a column `context` says; nothing of what it should not.
fn read_ranges(context: Option<&str>) -> Vec<Range<u64>> {
    let numbers = context.unwrap_or_default().split(',').map_while(|n| n.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    let pairs = numbers.chunks_exact(2).filter_map(<[u64]>::first_chunk);
    pairs.map(|[offset, length]| *offset..offset.saturating_add(*length)).collect()
}

named_row! {
    /// A span as the index has it.
    #[derive(Debug, Clone, PartialEq, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub(super) struct SpanRow {
        id: String,
        parent: Option<i64>,
        envelope: Option<i64>,
        name: String,
        r#type: usize,
        status: u8,
        start_us: Option<Micros>,
        end_us: Option<Micros>,
        model: Option<String>,
        prompt_tokens: Option<u64>,
        completion_tokens: Option<u64>,
        total_tokens: Option<u64>,
        cost_nano: Option<i64>,
        batch: i64,
        offset: u64,
        length: u64,
        context: Option<String>,
    }
}

/// A span with its parent found.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the columns are documented in migrations/")]
pub struct Span {
    pub id: String,
    pub parent: Parent,
    pub name: String,
    pub kind: usize,
    pub status: Status,
    pub start_us: Option<Micros>,
    pub end_us: Option<Micros>,
    pub model: Option<String>,
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    pub total_tokens: Option<u64>,
    pub cost_nano: Option<i64>,
    pub received_ms: Option<Millis>,
    /// Where its event lies; `None` when the ledger does not know its batch.
    pub slice: Option<Slice>,
}

/// What a span hangs from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// Nothing: it is a root.
    None,
    /// The span with this id.
    Span(String),
    /// A span that is not there, or not yet.
    Missing,
    /// A span that is not among those that were read, named by this hash. Whether it
    /// is there at all was not looked for.
    Elsewhere(i64),
    /// The span itself, which is then a root.
    Itself,
}

named_row! {
    /// A raw batch, as the ledger has it.
    #[derive(Debug, Clone, PartialEq, Eq, Deserialize_tuple)]
    pub(super) struct BatchRow {
        seq: i64,
        object: Rc<str>,
        received_ms: Millis,
    }
}

/// What tells a batch from spans among the rows of one statement.
#[derive(Deserialize)]
struct OfBatch {
    batch: BatchRow,
}

/// The traces of a list.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what `query` asks for.
pub fn read_traces(ran: &QueryResults) -> Result<Vec<TraceRow>, Fault> {
    ran.rows.first().into_iter().flatten().map(|row| trace_row(row)).collect()
}

/// A trace with those of its spans that were read.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The trace.
    pub trace: TraceRow,
    /// The spans in order of start (those without one last), then of id.
    pub spans: Vec<Span>,
    /// Whether there are more after them.
    pub more: bool,
}

/// A trace with at most so many of its spans, as [`super::spans`] asks for them;
/// `None` when the project has no such trace. Where these are not all, a parent
/// is put to a span only when it is certain: which of two would do depends on
/// spans that are not here.
///
/// # Errors
/// As [`read_traces`].
pub fn read_part(ran: &QueryResults, most: usize) -> Result<Option<Found>, Fault> {
    found(ran, most, false)
}

/// The same, with whatever parents there are among the spans.
///
/// # Errors
/// As [`read_traces`].
pub fn read_trace(ran: &QueryResults) -> Result<Option<(TraceRow, Vec<Span>)>, Fault> {
    let found = found(ran, super::spans::MAX_SPANS, true)?;
    Ok(found.map(|found| (found.trace, found.spans)))
}

fn found(ran: &QueryResults, most: usize, guess: bool) -> Result<Option<Found>, Fault> {
    let mut results = ran.rows.iter();
    let Some(trace) = results.next().and_then(|rows| rows.first()) else { return Ok(None) };
    let trace = trace_row(trace)?;
    let (mut rows, mut more): (Vec<SpanRow>, bool) = (Vec::new(), false);
    let mut batches: Vec<BatchRow> = Vec::new();
    for text in results.flatten() {
        if text.starts_with('{') {
            batches.push(decode::<OfBatch>(text)?.batch);
            continue;
        }
        for row in decode::<Vec<Option<SpanRow>>>(text)? {
            match row {
                Some(row) => rows.push(row),
                None => more = true,
            }
        }
    }
    for row in &mut rows {
        row.id = unpack(std::mem::take(&mut row.id));
    }
    rows.sort_unstable_by(|a, b| {
        let key = |s: &SpanRow| s.start_us.unwrap_or(Micros::MAX);
        key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
    });
    more |= rows.len() > most;
    rows.truncate(most);
    let all = i64::try_from(rows.len()).is_ok_and(|read| read >= trace.spans);
    let spans = assemble(rows, batches, all, guess);
    Ok(Some(Found { trace, spans, more }))
}

/// What [`super::spans::select_named`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Ids of spans.
    pub ids: Vec<String>,
    /// Ids of spans, by their envelope's hash.
    pub envelopes: HashMap<i64, String>,
}

/// What [`super::spans::select_named`] found.
///
/// # Errors
/// As [`read_traces`].
pub fn read_named(ran: &QueryResults) -> Result<Named, Fault> {
    let [ids, envelopes] = ran.rows.as_slice() else {
        return Err(Fault::Internal("names are two results".into()));
    };
    let envelopes = envelopes.iter().map(|row| {
        let (envelope, id): (i64, String) = decode(row)?;
        Ok((envelope, unpack(id)))
    });
    Ok(Named {
        ids: ids.iter().cloned().map(unpack).collect(),
        envelopes: envelopes.collect::<Result<_, Fault>>()?,
    })
}

fn trace_row(row: &str) -> Result<TraceRow, Fault> {
    let row: TraceRow = decode(row)?;
    Ok(TraceRow { id: unpack(row.id), ..row })
}

/// `all`: whether these are all of the trace's spans. `guess`: whether a parent may
/// be one that would not do if there were another.
fn assemble(rows: Vec<SpanRow>, batches: Vec<BatchRow>, all: bool, guess: bool) -> Vec<Span> {
    // Clients name a parent by its span id or by its envelope's id; where both
    // would do, the span id is meant. A span that names itself is a root.
    let mut by_link: HashMap<i64, usize> = HashMap::with_capacity(rows.len() * 2);
    for (at, row) in rows.iter().enumerate().filter(|_| all || guess) {
        if let Some(envelope) = row.envelope {
            by_link.insert(envelope, at);
        }
    }
    for (at, row) in rows.iter().enumerate() {
        by_link.insert(link(&row.id), at);
    }
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let batches: HashMap<i64, BatchRow> = batches.into_iter().map(|b| (b.seq, b)).collect();
    rows.into_iter()
        .enumerate()
        .map(|(at, row)| {
            let parent = match row.parent.map(|link| (link, by_link.get(&link))) {
                None => Parent::None,
                Some((_, Some(found))) if *found == at => Parent::Itself,
                Some((link, found)) => match found.and_then(|found| ids.get(*found)) {
                    Some(id) => Parent::Span(id.clone()),
                    None if all => Parent::Missing,
                    None => Parent::Elsewhere(link),
                },
            };
            let batch = batches.get(&row.batch);
            Span {
                id: row.id,
                parent,
                name: row.name,
                kind: row.r#type,
                status: if row.status == 0 { Status::Ok } else { Status::Error },
                start_us: row.start_us,
                end_us: row.end_us,
                model: row.model,
                prompt_tokens: row.prompt_tokens,
                completion_tokens: row.completion_tokens,
                total_tokens: row.total_tokens,
                cost_nano: row.cost_nano,
                received_ms: batch.map(|b| b.received_ms),
                slice: batch.map(|b| Slice {
                    object: Rc::clone(&b.object),
                    offset: row.offset,
                    length: row.length,
                    context: read_ranges(row.context.as_deref()),
                }),
            }
        })
        .collect()
}
