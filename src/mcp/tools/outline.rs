//! What several tools read of traces: one with its spans as a tree, the texts of errors, and
//! a span as a row.

use std::collections::HashMap;

use super::super::asked::{Asked, cost, ms};
use super::super::refusal::Refusal;
use super::super::text::Object;
use crate::batch::RawStore;
use crate::dashboard::trace::row::{Failure, TreeRow};
use crate::dashboard::trace::tree::Tree;
use crate::dashboard::ui::trace_state::running_until;
use crate::index::Database;
use crate::index::found::{Found, Parent, Span, read_part, read_trace};
use crate::index::read::{Slice, TraceRow};
use crate::index::spans::{MAX_SPANS, SpanPart, SpanPlace, place_in_order, select_part};
use crate::memory_budget::MemoryShare;
use crate::model::{Micros, SpanType, Status};
use crate::payload::{Payloads, plan};
use ingest_core::fold::compact_id::pack;

/// A trace with a part of its spans, as a tree. Only the largest have more than one part.
pub(super) struct Outline {
    pub(super) trace: TraceRow,
    pub(super) spans: Vec<Span>,
    pub(super) tree: Tree,
    /// Where the next part begins.
    pub(super) next: Option<SpanPlace>,
    /// What they hold.
    _hold: MemoryShare,
}

impl Outline {
    /// Reads the part of a trace after a place, or its first.
    pub(super) async fn read<D: Database, S: RawStore>(
        id: &str,
        after: Option<SpanPlace>,
        asked: &Asked<'_, D, S>,
    ) -> Result<Self, Refusal> {
        let is_first = after.is_none();
        let part = SpanPart { after, most: MAX_SPANS };
        let ran = asked.db.run(select_part(asked.project, id, &part)).await?;
        let (trace, spans, more) = if is_first {
            let (trace, spans) = read_trace(&ran)?.ok_or_else(Refusal::no_trace)?;
            let more = i64::try_from(spans.len()).is_ok_and(|read| read < trace.spans);
            (trace, spans, more)
        } else {
            let found = read_part(&ran, &part)?.ok_or_else(Refusal::no_trace)?;
            let Found { trace, spans, more, .. } = found;
            (trace, spans, more)
        };
        drop(ran);
        let hold = asked.hold(spans.len())?;
        let next = spans.last().filter(|_| more).map(place_of);
        let now = running_until(&trace, asked.now());
        let tree = Tree::of(&spans, trace.start_us, trace.end_us, now);
        Ok(Self { trace, spans, tree, next, _hold: hold })
    }

    /// Its spans in the order of the tree, each with its row.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Span, &TreeRow)> {
        self.tree.rows.iter().filter_map(|row| Some((self.spans.get(row.span)?, row)))
    }
}

/// Where a span is in the order of spans.
pub(super) fn place_of(span: &Span) -> SpanPlace {
    place_in_order(span.start_us, &pack(&span.id))
}

/// The spans of a trace that failed by themselves, in the order of its tree.
pub(super) fn causes(spans: &[Span], start: Micros, end: Option<Micros>) -> Vec<&Span> {
    let tree = Tree::of(spans, start, end, None);
    let rows = tree.rows.iter().filter(|row| row.failure == Some(Failure::Cause));
    rows.filter_map(|row| spans.get(row.span)).collect()
}

/// The model that is called most often in a trace.
pub(super) fn main_model(spans: &[Span]) -> Option<&str> {
    let mut calls: HashMap<&str, usize> = HashMap::new();
    for model in spans.iter().filter_map(|span| span.model.as_deref()) {
        *calls.entry(model).or_default() += 1;
    }
    calls
        .into_iter()
        .max_by_key(|(model, calls)| (*calls, std::cmp::Reverse(*model)))
        .map(|(model, _)| model)
}

/// Events of more bytes than this are not read for an error's text alone.
const MAX_EVENT_BYTES: u64 = 512 * 1024;
/// Bytes that are read for the texts of one answer, and reads.
const MAX_BYTES: u64 = 6 * 1024 * 1024;
const MAX_READS: usize = 100;

/// What some spans say of their errors, as far as that is little to read.
pub(super) async fn error_texts<D: Database, S: RawStore>(
    spans: &[&Span],
    asked: &Asked<'_, D, S>,
) -> Result<Vec<Option<String>>, Refusal> {
    let mut left = MAX_BYTES;
    let mut wanted = Vec::new();
    for span in spans {
        let bytes = span.event_bytes();
        let read = span.status == Status::Error && bytes <= MAX_EVENT_BYTES.min(left);
        left -= if read { bytes } else { 0 };
        wanted.push(read);
    }
    let slices = |count: usize| -> Vec<&Slice> {
        let some = spans.iter().zip(&wanted).filter(|(_, wanted)| **wanted).take(count);
        some.flat_map(|(span, _)| &span.slices).collect()
    };
    let mut count = spans.len();
    while count > 1 && plan(&slices(count)).len() > MAX_READS {
        count /= 2;
    }
    let payloads = Payloads::read(asked.source, &slices(count)).await?;
    let texts = spans.iter().zip(&wanted).map(|(span, wanted)| {
        let body = payloads.span(span).ok().filter(|_| *wanted)?;
        body.error_message.map(String::from)
    });
    Ok(texts.collect())
}

/// What is kept of an error's text in a row, in bytes.
pub(super) const ERROR_BYTES: usize = 300;

/// A span as a row: what it is and came to, and no payload.
pub(super) fn span_row(
    span: &Span,
    depth: Option<usize>,
    start: Micros,
    error: Option<&str>,
) -> Object {
    let mut row = Object::new();
    row.text("id", &span.id);
    if let Parent::Span(parent) = &span.parent {
        row.text("parent", parent);
    }
    row.known("depth", depth.and_then(|depth| i64::try_from(depth).ok()));
    row.text("type", SpanType::name_of(span.kind)).shown("name", &span.name, 120);
    row.known("ms", took(span));
    row.known("startMs", span.start_us.map(|from| ms(start, from)));
    if span.status == Status::Error {
        row.text("status", span.status.as_str());
    } else if span.end_us.is_none() {
        row.text("status", "RUNNING");
    }
    row.shown("model", span.model.as_deref().unwrap_or_default(), 100);
    row.known("tokens", span.total_tokens.and_then(|tokens| i64::try_from(tokens).ok()));
    cost(&mut row, "costUsd", span.cost_nano.unwrap_or_default());
    let bytes: u64 = span.slices.iter().map(|slice| slice.length).sum();
    row.whole("bytes", i64::try_from(bytes).unwrap_or(i64::MAX));
    row.shown("error", error.unwrap_or_default(), ERROR_BYTES);
    row
}

/// How many milliseconds a span took.
pub(super) fn took(span: &Span) -> Option<i64> {
    span.duration_us().map(|us| us / 1_000)
}

/// Whether a span is a call of a model.
pub(super) fn is_call(span: &Span) -> bool {
    span.kind == SpanType::Llm.code()
}
