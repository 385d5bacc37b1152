//! Writing some batches: which rows their traces have, what becomes of them, and once
//! more where somebody else was faster. Reading and writing are the caller's.
//!
//! All of it may be repeated, and done by many at once: a row is only written as the
//! fold of the row that was read and of what the batches say, and only if it still is
//! that row. What is folded in already changes nothing and is not written.

use std::rc::Rc;

use super::budget::{Budget, Spending};
use super::chunks::{chunks, json};
use super::guesses::{self, Named};
use super::ledger_row::LedgerRow;
pub use super::rows::RowBounds;
use super::rows::{Prices, Rows};
use super::score_row::ScoreRow;
use super::statements;
use super::stored_row::{Stored, StoredRow, StoredSpan, unpack_span};
use super::touched::Touched;
use super::{Statement, stats, word_blocks};
use crate::batch::BatchRef;
use crate::fold::map::Map;
use crate::fold::place::BatchName;
use crate::fold::price::Pricing;
use crate::fold::score::fold_scores;
use crate::fold::sent::Sent;
use crate::fold::span::Span;
use crate::fold::trace::{Trace, fold_with_words};
use crate::model::{Event, Millis, ScoreSource};
use crate::pack::Damaged;

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
    /// The budgets that the project has.
    budgets: Rc<[Budget]>,
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
    /// Those that it writes, or finds as they should be.
    pub touched: Vec<Touched>,
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
                traces: fold_with_words(&sent),
                scores: fold_scores(&sent).into_iter().map(ScoreRow::of).collect(),
                named: guesses::named(&sent),
                reads: (0, 0),
                budgets: Rc::default(),
            });
        }
        Self { projects }
    }

    /// The projects of which traces are left to be written.
    pub fn projects_of_traces(&self) -> impl Iterator<Item = &str> {
        self.projects.iter().filter(|of| !of.traces.is_empty()).map(|of| &*of.project)
    }

    /// Has what is written of a project count for its budgets: as they are when its rows are
    /// read.
    pub fn set_budgets(&mut self, project: &str, budgets: Vec<Budget>) {
        if let Some(of) = self.projects.iter_mut().find(|of| of.project == project) {
            of.budgets = budgets.into();
        }
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
        let (mut left, mut touched) = (Vec::new(), Vec::new());
        let mut rest = rows;
        for of in &self.projects {
            let (traces, others) = rest.split_at_checked(of.reads.0).ok_or(Damaged)?;
            let (spans, others) = others.split_at_checked(of.reads.1).ok_or(Damaged)?;
            rest = others;
            let (mut written, later) = of.fold(traces, spans, (bounds, now), pricing)?;
            touched.append(&mut written.touched);
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
        Ok(Writing { statements, asks, left, touched })
    }

    /// Notes that all was written but these.
    pub fn wrote(&mut self, left: &Left) {
        for (of, left) in self.projects.iter_mut().zip(left) {
            of.traces.retain(|(id, _)| left.contains(id));
        }
        self.projects.retain(|of| !of.traces.is_empty());
    }
}

impl OfProject {
    /// The rows that become others, and the traces that were not read this time.
    fn fold(
        &self,
        traces: &[Vec<String>],
        spans: &[Vec<String>],
        (bounds, now): (RowBounds, Millis),
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
        let (mut rows, mut later) =
            (Rows::new(bounds, now, Spending::of(Rc::clone(&self.budgets))), Vec::new());
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
        let Rows { traces, spans, added, cells, spending, docs, .. } = rows;
        to.push(statements::tenant(project));
        let versions: Vec<_> = traces.iter().map(|row| (&row.id, row.was)).collect();
        chunks(&versions, |versions| to.push(statements::guard(project, versions)));
        if last {
            let batches = json(&self.batches);
            let ids: Vec<_> = self.batches.iter().map(|row| &row.id).collect();
            to.push(stats::batches(project, &batches, added, now));
            to.push(statements::ledger(project, &batches));
            to.push(statements::delete_dead_letters(project, json(&ids)));
            let judged = self.scores.iter().filter(|s| s.source == ScoreSource::Evaluator as u8);
            let judged: Vec<_> = judged.map(|score| &score.id).collect();
            chunks(&judged, |ids| to.push(stats::eval_runs(project, ids, now)));
            chunks(&self.scores, |rows| to.push(statements::write_scores(project, rows)));
        } else {
            to.push(stats::batches(project, "[]", added, now));
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
        to.extend(statements::insert_deliveries(project, &cells, now));
        chunks(&spending.rows(), |rows| to.push(statements::spend(project, rows)));
        chunks(&word_blocks::blocks(docs), |rows| to.push(word_blocks::insert(project, rows)));
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
