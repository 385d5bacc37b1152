//! Writing some batches: which rows their traces have, what becomes of them, and once
//! more where somebody else was faster. Reading and writing are the caller's.
//!
//! All of it may be repeated, and done by many at once: a row is only written as the
//! fold of the row that was read and of what the batches say, and only if it still is
//! that row. What is folded in already changes nothing and is not written.

use std::rc::Rc;

use super::chunks::{chunks, json};
use super::guesses::{self, Named};
use super::ledger_row::LedgerRow;
use super::score_row::ScoreRow;
use super::statements;
use super::stored_row::{SpanRow, Stored, StoredRow, StoredSpan, TraceRow, unpack_span};
use super::{Statement, stats};
use crate::batch::BatchRef;
use crate::fold::map::Map;
use crate::fold::place::BatchName;
use crate::fold::price::Pricing;
use crate::fold::score::fold_scores;
use crate::fold::sent::Sent;
use crate::fold::span::Span;
use crate::fold::spans::Totals;
use crate::fold::trace::{Trace, fold};
use crate::limits::{MAX_PACK_BYTES, MAX_PACK_SPANS};
use crate::model::{Event, Millis};
use crate::pack::{Damaged, hex, spans};

/// A batch to be written.
#[derive(Debug)]
pub struct Source<'a> {
    /// Which it is.
    pub batch: &'a BatchRef,
    /// Its raw bytes.
    pub body: &'a [u8],
    /// What counts of it.
    pub events: Vec<Event<'a>>,
    /// Deliveries, this one included.
    pub attempt: u32,
}

/// Spans of one trace that are asked for at a time: their ids are 256 bytes each, which JSON
/// may write in six.
const SPANS_ASKED: usize = 500;

/// How much of a trace's spans its row holds; further ones have rows of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowBounds {
    /// At most so many spans.
    pub spans: usize,
    /// At most so many bytes of them, packed.
    pub bytes: usize,
}

impl Default for RowBounds {
    fn default() -> Self {
        Self { spans: MAX_PACK_SPANS, bytes: MAX_PACK_BYTES }
    }
}

/// Some batches, each of them another, that are written together.
#[derive(Debug)]
pub struct Delivery {
    projects: Vec<OfProject>,
}

#[derive(Debug)]
struct OfProject {
    project: String,
    batches: Vec<LedgerRow>,
    /// What the batches say of each trace that is not written yet, by its id as it is kept.
    traces: Vec<(Rc<str>, Trace)>,
    /// What they say of scores, written with the last of the traces.
    scores: Vec<ScoreRow>,
    /// Spans that some event names without its trace, or may.
    named: Vec<Named>,
    /// How many statements read traces, and how many their spans.
    reads: (usize, usize),
}

/// Ids of traces as they are kept, project by project.
pub type Left = Vec<Vec<Rc<str>>>;

/// What to write, after what was read.
#[derive(Debug)]
pub struct Writing {
    /// To be run in one transaction. The ledger's give the ids of batches that were not
    /// written before, or are known by an earlier object now; `asks` give what
    /// [`guesses::select`] says, no other gives anything.
    pub statements: Vec<Statement>,
    /// The places of statements that ask, each with its project.
    pub asks: Vec<(usize, String)>,
    /// The traces of each project that it leaves to be written.
    pub left: Left,
}

impl Delivery {
    /// What these batches say.
    #[must_use]
    pub fn of(sources: &[Source], now: Millis) -> Self {
        let mut projects: Vec<OfProject> = Vec::new();
        for source in sources {
            let project = &source.batch.project;
            if projects.iter().any(|known| known.project == *project) {
                continue;
            }
            let own: Vec<_> =
                sources.iter().filter(|other| other.batch.project == *project).collect();
            let names: Vec<_> = own.iter().map(|source| BatchName::of(source.batch)).collect();
            let sent: Vec<_> = own
                .iter()
                .zip(&names)
                .flat_map(|(source, name)| {
                    let Source { batch, body, events, .. } = source;
                    events.iter().map(move |event| Sent { batch, name, body, event })
                })
                .collect();
            projects.push(OfProject {
                project: project.clone(),
                batches: own.iter().map(|source| ledger_row(source, now)).collect(),
                traces: fold(&sent),
                scores: fold_scores(&sent).into_iter().map(ScoreRow::of).collect(),
                named: guesses::named(&sent),
                reads: (0, 0),
            });
        }
        Self { projects }
    }

    /// The projects of which traces are left to be written.
    pub fn priced_projects(&self) -> impl Iterator<Item = &str> {
        self.projects.iter().filter(|of| !of.traces.is_empty()).map(|of| &*of.project)
    }

    /// Whether nothing is left to be written.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.projects.is_empty()
    }

    /// Reads the rows that the traces have, and those of their spans that have some: as
    /// many statements as what they are bound to takes.
    #[must_use]
    pub fn read(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        for of in &mut self.projects {
            let ids: Vec<&str> = of.traces.iter().map(|(id, _)| &**id).collect();
            let before = statements.len();
            chunks(&ids, |ids| statements.push(statements::stored_traces(&of.project, ids)));
            of.reads.0 = statements.len() - before;
            // A trace with more spans than a parameter holds is asked for more than once.
            let spans: Vec<statements::Asked> = of
                .traces
                .iter()
                .flat_map(|(id, trace)| {
                    let some = trace.spans.list().chunks(SPANS_ASKED);
                    some.map(|spans| (&**id, spans.iter().map(|span| &*span.id).collect()))
                })
                .collect();
            let before = statements.len();
            chunks(&spans, |spans| statements.push(statements::stored_spans(&of.project, spans)));
            of.reads.1 = statements.len() - before;
        }
        statements
    }

    /// Folds what the batches say into what was read.
    ///
    /// # Errors
    /// [`Damaged`] for a row that cannot be unpacked.
    pub fn write(
        &self,
        rows: &[Vec<String>],
        bounds: RowBounds,
        now: Millis,
        pricing: &dyn Pricing,
    ) -> Result<Writing, Damaged> {
        let (mut statements, mut asks) = (Vec::new(), Vec::new());
        let mut left = Vec::new();
        let mut rest = rows;
        for of in &self.projects {
            let (traces, others) = rest.split_at_checked(of.reads.0).ok_or(Damaged)?;
            let (spans, others) = others.split_at_checked(of.reads.1).ok_or(Damaged)?;
            rest = others;
            let (written, later) = of.fold(traces, spans, bounds, pricing)?;
            of.statements(written, later.is_empty(), now, &mut statements);
            if later.is_empty() {
                // After what they ask for is written: of two who write at once one sees both.
                chunks(&of.named, |named| {
                    asks.push((statements.len(), of.project.clone()));
                    statements.push(guesses::select(&of.project, named));
                });
            }
            left.push(later);
        }
        Ok(Writing { statements, asks, left })
    }

    /// Notes that all was written but these.
    pub fn wrote(&mut self, left: &Left) {
        for (of, left) in self.projects.iter_mut().zip(left) {
            of.traces.retain(|(id, _)| left.contains(id));
        }
        self.projects.retain(|of| !of.traces.is_empty());
    }
}

/// Who knows a project's prices.
struct Prices<'a> {
    project: &'a str,
    pricing: &'a dyn Pricing,
}

/// Rows to be written.
#[derive(Debug)]
struct Rows {
    bounds: RowBounds,
    traces: Vec<TraceRow>,
    spans: Vec<SpanRow>,
}

impl OfProject {
    /// The rows that become others, and the traces that were not read this time.
    fn fold(
        &self,
        traces: &[Vec<String>],
        spans: &[Vec<String>],
        bounds: RowBounds,
        pricing: &dyn Pricing,
    ) -> Result<(Rows, Vec<Rc<str>>), Damaged> {
        let mut stored: Map<Rc<str>, Option<Stored>> = Map::default();
        for row in traces.iter().flatten() {
            let row: StoredRow = serde_json::from_str(row).map_err(|_| Damaged)?;
            stored.insert(Rc::clone(&row.id), row.unpack()?);
        }
        let mut rows_of: Map<Rc<str>, Map<Rc<str>, Span>> = Map::default();
        for row in spans.iter().flatten() {
            let StoredSpan(trace, id, pack) = serde_json::from_str(row).map_err(|_| Damaged)?;
            rows_of.entry(trace).or_default().insert(id, unpack_span(&pack)?);
        }
        let prices = Prices { project: &self.project, pricing };
        let (mut rows, mut later) = (Rows::new(bounds), Vec::new());
        for (id, news) in &self.traces {
            match stored.remove(id) {
                Some(None) => later.push(Rc::clone(id)),
                Some(Some(stored)) => {
                    let beyond = rows_of.remove(id).unwrap_or_default();
                    rows.add(id, Some(stored), news.clone(), beyond, &prices);
                }
                None => rows.add(id, None, news.clone(), Map::default(), &prices),
            }
        }
        Ok((rows, later))
    }

    /// The statements that write rows; those of the ledger with the last of them.
    fn statements(&self, rows: Rows, last: bool, now: Millis, to: &mut Vec<Statement>) {
        let project = &*self.project;
        let Rows { traces, spans, .. } = rows;
        to.push(statements::tenant(project));
        let versions: Vec<_> = traces.iter().map(|row| (&row.id, row.was)).collect();
        chunks(&versions, |versions| to.push(statements::guard(project, versions)));
        if last {
            let batches = json(&self.batches);
            let ids: Vec<_> = self.batches.iter().map(|row| &row.id).collect();
            to.push(stats::batches(project, &batches, now));
            to.push(statements::ledger(project, &batches));
            to.push(statements::delete_dead_letters(project, json(&ids)));
            chunks(&self.scores, |rows| to.push(statements::write_scores(project, rows)));
        }
        let (mut new, known): (Vec<_>, Vec<_>) =
            traces.into_iter().partition(|row| row.was.is_none());
        // Keys are given in this order: those that come together are listed by their start.
        new.sort_by(|a, b| (a.start_us, &a.id).cmp(&(b.start_us, &b.id)));
        let mut of_second = Map::default();
        for row in &mut new {
            let nth = of_second.entry(row.second).or_default();
            row.nth = *nth;
            *nth += 1;
        }
        chunks(&new, |rows| to.push(statements::insert_traces(project, rows, now)));
        let (repacked, others): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|row| row.pack.is_some());
        chunks(&repacked, |rows| to.push(statements::update_traces(project, rows, true)));
        chunks(&others, |rows| to.push(statements::update_traces(project, rows, false)));
        chunks(&spans, |rows| to.push(statements::write_spans(project, rows)));
    }
}

impl Rows {
    fn new(bounds: RowBounds) -> Self {
        Self { bounds, traces: Vec::new(), spans: Vec::new() }
    }

    /// A trace's row, and those of its spans that do not fit into it, where they change.
    fn add(
        &mut self,
        id: &Rc<str>,
        stored: Option<Stored>,
        news: Trace,
        mut rows: Map<Rc<str>, Span>,
        prices: &Prices,
    ) {
        let (was, mut trace, mut beyond) = match stored {
            Some(Stored { version, trace, beyond }) => (Some(version), trace, beyond),
            None => (None, Trace::default(), None),
        };
        let mut changed = trace.head.merge(news.head);
        changed |=
            trace.head.name_root(|id| [news.spans.get(id), trace.spans.get(id), rows.get(id)]);
        let mut repacked = was.is_none();
        for span in news.spans {
            if let Some(packed) = trace.spans.get_mut(&span.id) {
                repacked |= packed.merge(span);
            } else if beyond.is_none() && trace.spans.len() < self.bounds.spans {
                repacked |= trace.spans.merge(span);
            } else {
                let totals = beyond.get_or_insert_default();
                if let Some(row) = Self::beyond(id, rows.remove(&span.id), span, totals, prices) {
                    self.spans.push(row);
                    changed = true;
                }
            }
        }
        repacked |= trace.spans.reprice(prices.project, prices.pricing);
        if !changed && !repacked {
            return;
        }
        let mut pack = if repacked { spans::write(&trace.spans) } else { Vec::new() };
        // Few spans with long texts, or with many events.
        while pack.len() > self.bounds.bytes && !trace.spans.is_empty() {
            let mut kept: Vec<Span> = trace.spans.into_iter().collect();
            let totals = beyond.get_or_insert_default();
            for span in kept.drain(kept.len() / 2..) {
                if let Some(row) = Self::beyond(id, None, span, totals, prices) {
                    self.spans.push(row);
                }
            }
            trace.spans = kept.into_iter().collect();
            pack = spans::write(&trace.spans);
        }
        let pack = repacked.then_some(&*pack);
        let row = TraceRow::of(Rc::clone(id), was, &trace.head, &trace.spans, pack, beyond);
        self.traces.push(row);
    }

    /// The row of a span that is not in its trace's pack, where it changes.
    fn beyond(
        trace: &Rc<str>,
        known: Option<Span>,
        news: Span,
        totals: &mut Totals,
        prices: &Prices,
    ) -> Option<SpanRow> {
        let span = match known {
            None => {
                let mut span = news;
                span.reprice(prices.project, prices.pricing);
                span
            }
            Some(mut span) => {
                let before = span.fold();
                let changed = span.merge(news);
                if !span.reprice(prices.project, prices.pricing) && !changed {
                    return None;
                }
                totals.take_off(&before);
                span
            }
        };
        let folded = span.fold();
        totals.add(&folded);
        Some(SpanRow {
            trace: Rc::clone(trace),
            id: Rc::clone(&span.id),
            start_us: folded.start_us,
            envelope: folded.envelope.map(u64::cast_signed),
            pack: hex::write(&spans::write_all(std::slice::from_ref(&span))),
        })
    }
}

fn ledger_row(source: &Source, now: Millis) -> LedgerRow {
    let Source { batch, body, events, attempt } = source;
    LedgerRow {
        id: batch.id.clone(),
        received_ms: batch.received,
        events: events.len(),
        bytes: body.len(),
        delay_ms: (now - batch.received).max(0),
        retried: attempt.saturating_sub(1),
    }
}
