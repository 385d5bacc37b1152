//! What becomes of a trace's row, and of those of its spans that do not fit into it, by what
//! some batches say of it.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::budget::Spending;
use super::counted::{Counted, add_uses};
use super::statements;
use super::stored_row::{SpanRow, Stored, TraceRow};
use super::touched::Touched;
use super::usage::Usage;
use super::word_blocks::second_of_key;
use crate::fold::map::Map;
use crate::fold::model_use::{ModelUse, model_uses};
use crate::fold::price::Pricing;
use crate::fold::span::Span;
use crate::fold::spans::{Spans, Totals};
use crate::fold::trace::Trace;
use crate::limits::{MAX_PACK_BYTES, MAX_PACK_SPANS};
use crate::model::Millis;
use crate::pack::usage::Cells;
use crate::pack::words::Doc;
use crate::pack::{hex, spans};

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

/// Who knows a project's prices.
pub(super) struct Prices<'a> {
    pub(super) project: &'a str,
    pub(super) pricing: &'a dyn Pricing,
}

/// Rows to be written.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) bounds: RowBounds,
    pub(super) traces: Vec<TraceRow>,
    pub(super) spans: Vec<SpanRow>,
    /// All traces that were folded.
    pub(super) touched: Vec<Touched>,
    pub(super) now: Millis,
    /// How much more they count as than those that they become of.
    pub(super) added: Usage,
    /// The same by hour.
    pub(super) cells: Cells,
    /// The same of budgets.
    pub(super) spending: Spending,
    /// The words that are new to the traces.
    pub(super) docs: Vec<(Doc, BTreeSet<u32>)>,
}

impl Rows {
    pub(super) fn new(bounds: RowBounds, now: Millis, spending: Spending) -> Self {
        let (traces, spans, touched) = (Vec::new(), Vec::new(), Vec::new());
        let (added, cells) = (Usage::default(), Cells::default());
        Self { bounds, traces, spans, touched, now, added, cells, spending, docs: Vec::new() }
    }

    /// A trace's row, and those of its spans that do not fit into it, where they change.
    pub(super) fn add(
        &mut self,
        id: &Rc<str>,
        stored: Option<Stored>,
        news: Trace,
        mut rows: Map<Rc<str>, Span>,
        prices: &Prices,
    ) {
        let known = stored.as_ref().map(|stored| second_of_key(stored.key));
        let (was, before, counted, mut trace, mut beyond) = match stored {
            Some(Stored { version, usage, counted, trace, beyond, .. }) => {
                (Some(version), usage, counted, trace, beyond)
            }
            None => (None, Usage::default(), None, Trace::default(), None),
        };
        // What is a part of another trace counts there.
        let counted = counted.map(|counted| (counted, model_uses(&trace.spans)));
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
                let known = rows.remove(&span.id);
                if let Some(row) = self.beyond(id, known, span, totals, prices) {
                    self.spans.push(row);
                    changed = true;
                }
            }
        }
        repacked |= trace.spans.reprice(prices.project, prices.pricing);
        changed |= repacked;
        let next = |was| was + i64::from(changed);
        let version = was.map_or_else(|| statements::first_version(self.now), next);
        self.touched.push(Touched::of(prices.project, id, version, &trace.head));
        if !changed {
            return;
        }
        let mut pack = if repacked { spans::write(&trace.spans) } else { Vec::new() };
        // Few spans with long texts, or with many events.
        while pack.len() > self.bounds.bytes && !trace.spans.is_empty() {
            let mut kept: Vec<Span> = trace.spans.into_iter().collect();
            let totals = beyond.get_or_insert_default();
            for span in kept.drain(kept.len() / 2..) {
                if let Some(row) = self.beyond(id, None, span, totals, prices) {
                    self.spans.push(row);
                }
            }
            trace.spans = kept.into_iter().collect();
            pack = spans::write(&trace.spans);
        }
        let pack = repacked.then_some(&*pack);
        let row = TraceRow::of(Rc::clone(id), was, &trace.head, &trace.spans, pack, beyond);
        self.added += row.usage() - before;
        self.count(counted, &row, &trace.spans);
        let words = news.heard.of_trace(trace.head.root.as_ref());
        if !words.is_empty() {
            let second = known.unwrap_or(row.second);
            self.docs.push((Doc { second, whole: was.is_none(), id: Rc::clone(id) }, words));
        }
        self.traces.push(row);
    }

    /// Counts a row for what it was before, and what it and its packed spans are now.
    #[inline(never)]
    fn count(&mut self, before: Option<(Counted, Vec<ModelUse>)>, row: &TraceRow, spans: &Spans) {
        let after = row.counted().map(|counted| (counted, model_uses(spans)));
        if before == after {
            return;
        }
        for (is, times) in [(before, -1), (after, 1)] {
            let Some((counted, uses)) = is else { continue };
            counted.add_to(&mut self.cells, times);
            self.spending.add(&counted, times);
            add_uses(uses, &mut self.cells, times);
        }
    }

    /// The row of a span that is not in its trace's pack, where it changes. It counts by hour
    /// whatever its trace is.
    fn beyond(
        &mut self,
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
                let (before, used) = (span.fold(), ModelUse::of(&span));
                let changed = span.merge(news);
                if !span.reprice(prices.project, prices.pricing) && !changed {
                    return None;
                }
                totals.take_off(&before);
                add_uses(used, &mut self.cells, -1);
                span
            }
        };
        let folded = span.fold();
        totals.add(&folded);
        add_uses(ModelUse::of(&span), &mut self.cells, 1);
        Some(SpanRow {
            trace: Rc::clone(trace),
            id: Rc::clone(&span.id),
            start_us: folded.start_us,
            envelope: folded.envelope.map(u64::cast_signed),
            pack: hex::write(&spans::write_all(std::slice::from_ref(&span))),
        })
    }
}
