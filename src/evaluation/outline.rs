//! What a trace is, as far as those who judge it ask: its root, the calls of models, and the
//! spans that some evaluator is for. All of its spans are looked at, and few kept.

use super::plan::Plan;
use crate::error::Fault;
use crate::index::found::{Found, Parent, Span, read_part};
use crate::index::read::TraceRow;
use crate::index::spans::{MAX_SPANS, SpanPart, place_in_order, select_part};
use crate::index::{Database, QueryResults};
use crate::limits::MAX_SPANS_JUDGED;
use crate::model::{Micros, SpanType};
use ingest_core::fold::compact_id::pack;

/// Most calls of models that are kept: in their outputs calls of tools are looked for.
const MAX_CALLS: usize = 2_000;

/// The last calls of models and agents, one of which stands in for a root without an output.
const MAX_LAST: usize = 20;

/// A trace to be judged.
#[derive(Debug)]
pub struct Outline {
    /// The trace.
    pub trace: TraceRow,
    /// The first of its spans, in order of start and id, that has no parent here.
    pub root: Option<Span>,
    /// Calls of models, in that order, up to a number, where anybody looks at them; and whether
    /// there are more.
    pub calls: Vec<Span>,
    /// See `calls`.
    pub more_calls: bool,
    /// The last to end of calls of models and agents, the last of them first.
    pub last: Vec<Span>,
    /// Whether the cost of any span is known.
    pub has_cost: bool,
    /// The spans that are judged by themselves.
    pub judged: Vec<Span>,
    /// For each of them the places in the plan of those who judge it.
    pub judges: Vec<Vec<usize>>,
}

/// The first part of a trace; `None` where there is no such trace.
///
/// # Errors
/// That of [`read_part`].
pub fn first_part(ran: &QueryResults) -> Result<Option<Found>, Fault> {
    read_part(ran, &SpanPart::FIRST)
}

/// Whether a trace's root is there and has ended.
#[must_use]
pub fn is_settled(found: &Found) -> bool {
    root_of(&found.spans).is_some_and(|root| root.end_us.is_some())
}

fn root_of(spans: &[Span]) -> Option<&Span> {
    let is_root = |s: &&Span| matches!(s.parent, Parent::None | Parent::Missing | Parent::Itself);
    spans.iter().find(is_root)
}

impl Outline {
    /// Reads the rest of a trace.
    ///
    /// # Errors
    /// That of the database.
    pub async fn read(
        project: &str,
        first: Found,
        plan: &Plan<'_>,
        db: &impl Database,
    ) -> Result<Self, Fault> {
        let Found { trace, mut spans, mut more, .. } = first;
        let mut outline = Self {
            trace,
            root: None,
            calls: Vec::new(),
            more_calls: false,
            last: Vec::new(),
            has_cost: false,
            judged: Vec::new(),
            judges: Vec::new(),
        };
        let mut counts = vec![0; plan.evaluators.len()];
        loop {
            let end = spans.last().map(|last| place_in_order(last.start_us, &pack(&last.id)));
            outline.add(spans, plan, &mut counts);
            if !more || end.is_none() {
                return Ok(outline);
            }
            let part = SpanPart { after: end, most: MAX_SPANS };
            let ran = db.run(select_part(project, &outline.trace.id, &part)).await?;
            let Some(found) = read_part(&ran, &part)? else { return Ok(outline) };
            (spans, more) = (found.spans, found.more);
        }
    }

    /// Adds a part; `counts`: spans of each evaluator so far.
    fn add(&mut self, spans: Vec<Span>, plan: &Plan<'_>, counts: &mut [usize]) {
        let wants_calls = plan.wants_calls();
        if self.root.is_none() {
            self.root = root_of(&spans).cloned();
        }
        for span in spans {
            self.has_cost |= span.cost_nano.is_some();
            let kind = SpanType::name_of(span.kind);
            let mut judges = Vec::new();
            for (at, (planned, count)) in plan.evaluators.iter().zip(&mut *counts).enumerate() {
                if *count < MAX_SPANS_JUDGED && planned.takes_span(kind, &span.name) {
                    *count += 1;
                    judges.push(at);
                }
            }
            if !judges.is_empty() {
                self.judged.push(span.clone());
                self.judges.push(judges);
            }
            if wants_calls && span.kind == SpanType::Llm.code() {
                if self.calls.len() < MAX_CALLS {
                    self.calls.push(span.clone());
                } else {
                    self.more_calls = true;
                }
            }
            if [SpanType::Llm.code(), SpanType::Agent.code()].contains(&span.kind) {
                self.last.push(span);
            }
        }
        let end = |span: &Span| span.end_us.unwrap_or(Micros::MIN);
        self.last.sort_by(|a, b| (end(b), &a.id).cmp(&(end(a), &b.id)));
        self.last.truncate(MAX_LAST);
    }
}
