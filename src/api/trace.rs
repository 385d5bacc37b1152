//! One trace with its spans, in parts: what a part holds is bounded, whatever the
//! trace has. Payloads are read a group of spans at a time, written into the
//! answer, and dropped before the next.

use std::collections::{HashMap, HashSet};
use std::iter;

use super::evaluations::{select_evaluations, show_evaluations};
use super::json;
use super::json::SpanOut;
use super::scores::{ScoreOut, scores_with_trace};
use super::{NO_TRACE, filter, to_json};
use crate::batch::RawStore;
use crate::error::{Error, Fault, Reject};
use crate::index::found;
use crate::index::found::{Found, Named, Parent, Span};
use crate::index::read::Slice;
use crate::index::spans::SpanPlace;
use crate::index::{Database, QueryResults, scores, spans};
use crate::memory_budget::MemoryShare;
use crate::model::SpanBody;
use crate::payload::{Missing, Payloads, Read, Source, plan};
use ingest_core::fold::compact_id::{pack, unpack};

/// A part ends before the span that brings its events to more bytes than this, the
/// trace's long metadata among them. The first is always there.
const EVENTS_BYTES: u64 = 8 * 1024 * 1024;
/// An answer ends with the span that brings it to so many bytes: besides what was
/// sent a span has some 450 of its own, and long ids more.
const ANSWER_BYTES: usize = 12 * 1024 * 1024;
/// What a span has of its own, taken large.
const SPAN_BYTES: usize = 600;
/// What the answer's buffer grows by. Doubling it would take twice what it holds.
const GROWTH: usize = 1024 * 1024;
/// Bytes of the events that are read at once, unless one alone has more.
const GROUP_BYTES: u64 = 2 * 1024 * 1024;
/// Spans whose parents are looked for at once: their ids, 256 bytes that JSON may
/// write in six each, are bound as one text.
const NAMES: usize = 900;
/// Most reads for one answer; a free account may make 1,000 of its own
/// services in one request (developers.cloudflare.com/workers/platform/limits).
const MAX_READS: usize = 500;

/// `GET /api/v1/traces/{id}`: the `data` of the answer.
///
/// # Errors
/// 400 for a query that cannot be read; 404 when the project has no such trace; a
/// fault of the database.
pub async fn get(
    project: &str,
    id: &str,
    query: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<String, Error> {
    let part = filter::parse_part(query)?;
    let mut asked = spans::select_part(project, id, &part);
    let first_of_scores = asked.len();
    asked.extend(scores::select_with_trace(project, id));
    let first_of_evaluations = asked.len();
    asked.extend(select_evaluations(project, id));
    let mut ran = db.run(asked).await?;
    let of_evaluations = ran.rows.split_off(first_of_evaluations);
    let of_scores = ran.rows.split_off(first_of_scores);
    let found = found::read_part(&ran, &part)?;
    drop(ran);
    let Some(Found { mut trace, mut spans, more, envelopes, costs }) = found else {
        return Err(Reject::NotFound(NO_TRACE.into()).into());
    };
    let ids = spans.iter().map(|span| &*span.id);
    let scores = scores_with_trace(project, id, &of_scores, ids, db).await?;
    let by_span =
        scores.iter().filter(|score| score.trace.is_none() && score.span.as_deref() != Some(id));
    trace.count_more_scores(by_span.count());
    let scores = to_json(&scores.iter().map(ScoreOut::of).collect::<Vec<_>>())?;
    let evaluations = show_evaluations(&trace, &of_evaluations, source.now)?;
    let mut besides = trace.metadata_elsewhere().unwrap_or_default();
    besides.extend(trace.own_input().into_iter().chain(trace.own_output()));
    let fit = fitting(&spans, &besides, EVENTS_BYTES).max(1);
    let more = more || fit < spans.len();
    spans.truncate(fit);
    let (mut answer, _hold) =
        Answer::of(&spans, &besides, scores.len() + evaluations.len(), &source)?;
    let mut parents = Parents { project, trace: id, db, envelopes, found: HashMap::new() };
    let (mut written, mut reads) = (0, MAX_READS);
    loop {
        let rest = spans.get(written..).unwrap_or_default();
        let first = if written == 0 { &*besides } else { &[] };
        let (group, plan) = group(rest, first, reads);
        reads = reads.saturating_sub(plan.len());
        let payloads = Payloads::fetch(&source, plan).await;
        if written == 0 {
            let shown = json::Trace::of(&trace, &payloads, source.now);
            answer.json(&shown.with_content(&trace, &payloads).with_costs(&costs))?;
            answer.text.pop(); // The object goes on.
            answer.push(",\"spans\":[");
        }
        let events: Vec<_> = group.iter().map(|span| payloads.span(span)).collect();
        for (group, events) in group.chunks(NAMES).zip(events.chunks(NAMES)) {
            parents.find(group, events).await?;
        }
        for (span, event) in group.iter().zip(&events) {
            if written > 0 {
                answer.push(",");
            }
            answer.json(&SpanOut::of(&trace.id, span, parents.of(span), event))?;
            written += 1;
            if answer.text.len() >= ANSWER_BYTES {
                break;
            }
        }
        if written == spans.len() || answer.text.len() >= ANSWER_BYTES || reads == 0 {
            break;
        }
    }
    let last = written.checked_sub(1).and_then(|last| spans.get(last));
    let next = last
        .filter(|_| more || written < spans.len())
        .map(|last| filter::span_cursor(&spans::place_in_order(last.start_us, &pack(&last.id))));
    answer.push("],\"nextSpanCursor\":");
    answer.json(&next)?;
    answer.push(",\"scores\":");
    answer.push(&scores);
    answer.push(",\"evaluations\":");
    answer.push(&evaluations);
    answer.push("}");
    answer.end()
}

/// `GET /api/v1/traces/{id}/spans/{span}`: the `data` of the answer.
///
/// # Errors
/// 404 when the project has no such trace, or that no such span; a fault of the
/// database.
pub async fn get_span(
    project: &str,
    id: &str,
    span: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<String, Error> {
    let ran = db.run(spans::select_span(project, id, span)).await?;
    show_span(project, id, span, &ran, db, source).await
}

/// The same of what [`spans::select_span`] found.
///
/// # Errors
/// As [`get_span`].
pub async fn show_span(
    project: &str,
    id: &str,
    span: &str,
    ran: &QueryResults,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<String, Error> {
    let Some(Found { trace, spans, envelopes, .. }) = found::read_span(ran, span)? else {
        return Err(Reject::NotFound(NO_TRACE.into()).into());
    };
    let Some(span) = spans.first() else {
        let none = "This trace has no span with this id. It may not have arrived yet.";
        return Err(Reject::NotFound(none.into()).into());
    };
    let (mut answer, _hold) = Answer::of(&spans, &[], 0, &source)?;
    let (_, plan) = group(&spans, &[], MAX_READS);
    let payloads = Payloads::fetch(&source, plan).await;
    let event = [payloads.span(span)];
    let mut parents = Parents { project, trace: id, db, envelopes, found: HashMap::new() };
    parents.find(&spans, &event).await?;
    let [event] = &event;
    answer.json(&SpanOut::of(&trace.id, span, parents.of(span), event))?;
    answer.end()
}

/// Bytes that it takes to read some other slices, and then each span's events.
fn lengths<'a>(spans: &'a [Span], besides: &'a [Slice]) -> impl Iterator<Item = u64> {
    let slices = iter::once(besides).chain(spans.iter().map(|span| &*span.slices));
    slices.scan(None, |before, slices: &'a [Slice]| {
        let mut bytes = 0;
        for slice in slices {
            bytes += slice.bytes_after(*before);
            *before = Some(slice);
        }
        Some(bytes)
    })
}

/// How many of the spans, from the first on, have events of no more bytes in all,
/// those of other slices among them.
fn fitting(spans: &[Span], besides: &[Slice], most: u64) -> usize {
    let mut bytes = 0;
    let fit = lengths(spans, besides).take_while(|length| {
        bytes += length;
        bytes <= most
    });
    fit.count().saturating_sub(1)
}

/// The spans whose payloads are read next, and the reads for them.
fn group<'a>(rest: &'a [Span], besides: &[Slice], reads_left: usize) -> (&'a [Span], Vec<Read>) {
    let mut count = fitting(rest, besides, GROUP_BYTES).max(1).min(rest.len());
    loop {
        let group = rest.get(..count).unwrap_or_default();
        let slices = group.iter().flat_map(|span| &span.slices).chain(besides);
        let plan = plan(&slices.collect::<Vec<_>>());
        if plan.len() <= reads_left || count <= 1 {
            return (group, plan);
        }
        count /= 2;
    }
}

/// An answer in the making.
struct Answer {
    text: Vec<u8>,
}

impl Answer {
    /// With room for these spans and so many bytes besides, and all that it takes until the
    /// answer is made.
    fn of(
        spans: &[Span],
        besides: &[Slice],
        rest: usize,
        source: &Source<'_, impl RawStore>,
    ) -> Result<(Self, MemoryShare), Fault> {
        let events = lengths(spans, besides).sum::<u64>();
        let largest = lengths(spans, besides).fold(0, u64::max);
        let size = usize::try_from(events).unwrap_or(ANSWER_BYTES);
        let size = size + spans.len() * SPAN_BYTES + rest + ROOM;
        let rows = spans.len() * (2 * size_of::<Span>() + size_of::<SpanBody<'_>>());
        let hold = (size + rows) as u64 + GROUP_BYTES + largest;
        let hold = source.budget.take(hold, source.now)?;
        Ok((Self { text: Vec::with_capacity(size) }, hold))
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Fault> {
        if self.text.capacity() - self.text.len() < ROOM {
            self.text.reserve_exact(GROWTH);
        }
        serde_json::to_writer(&mut self.text, value)
            .map_err(|e| Fault::Internal(format!("an answer: {e}")))
    }

    fn end(self) -> Result<String, Error> {
        let text = String::from_utf8(self.text);
        text.map_err(|e| Fault::Internal(format!("an answer: {e}")).into())
    }
}

/// Room for what comes before and after the spans.
const ROOM: usize = 16 * 1024;

/// The parents of spans that are not among those that were read, found as they are
/// needed.
struct Parents<'a, D> {
    project: &'a str,
    trace: &'a str,
    db: &'a D,
    /// Spans of the trace's row by the links of their envelopes.
    envelopes: HashMap<u64, SpanPlace>,
    /// By link.
    found: HashMap<u64, Parent>,
}

impl<D: Database> Parents<'_, D> {
    /// Looks for what is not known yet. Only a span's event says its parent's name:
    /// without that it can be found by its envelope alone.
    async fn find(
        &mut self,
        group: &[Span],
        events: &[Result<SpanBody<'_>, Missing>],
    ) -> Result<(), Fault> {
        let mut wanted: HashMap<u64, Option<String>> = HashMap::new();
        for (span, event) in group.iter().zip(events) {
            let Parent::Elsewhere(link) = span.parent else { continue };
            if !self.found.contains_key(&link) {
                let name = event.as_ref().ok().and_then(|event| event.parent.as_deref());
                let known = wanted.entry(link).or_default();
                *known = known.take().or_else(|| name.map(|name| pack(name).into()));
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = wanted.values().flatten().cloned().collect();
        let links: Vec<u64> = wanted.keys().copied().collect();
        let asked = spans::select_named(self.project, self.trace, &names, &links);
        let Named { ids, mut envelopes } = found::read_named(&self.db.run(asked).await?)?;
        let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
        for (link, name) in wanted {
            // A span's id is meant where an envelope's would do as well; of those the last.
            let id = name.filter(|name| ids.contains(&**name)).or_else(|| {
                let last = envelopes.remove(&link).max(self.envelopes.get(&link).cloned());
                last.map(|(_, id)| id)
            });
            let parent = id.map_or(Parent::Missing, |id| Parent::Span(unpack(id)));
            self.found.insert(link, parent);
        }
        Ok(())
    }

    /// What a span hangs from.
    fn of<'a>(&'a self, span: &'a Span) -> &'a Parent {
        let Parent::Elsewhere(link) = span.parent else { return &span.parent };
        match self.found.get(&link) {
            Some(Parent::Span(id)) if *id == span.id => &Parent::Itself,
            Some(found) => found,
            None => &Parent::Missing,
        }
    }
}
