//! The spans of a trace by their ids, and what they add up to.

use std::rc::Rc;

use super::link_of_packed;
use super::map::{Map, Set};
use super::part::{Part, mark};
use super::price::Pricing;
use super::span::{Folded, Span};

/// Where sums stop, either side of zero: short of where 64 bits do.
const MAX_SUM: i64 = 9_000_000_000_000_000_000;

/// The spans of a trace, each once, in the order in which they were first heard of.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    list: Vec<Span>,
    at: Map<Rc<str>, usize>,
}

/// What some spans add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the columns are documented in migrations/")]
pub struct Totals {
    pub spans: i64,
    pub errors: i64,
    /// Those of them that have no parent.
    pub failed_roots: i64,
    pub open: i64,
    pub tokens: i64,
    pub cost_nano: i64,
}

impl Spans {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The spans.
    #[must_use]
    pub fn list(&self) -> &[Span] {
        &self.list
    }

    /// The span with this id, as it is kept.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Span> {
        self.at.get(id).and_then(|at| self.list.get(*at))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Span> {
        self.at.get(id).and_then(|at| self.list.get_mut(*at))
    }

    /// Computes what they cost; whether that changes anything. See [`Span::reprice`].
    pub fn reprice(&mut self, project: &str, pricing: &dyn Pricing) -> bool {
        let reprice = |changed, span: &mut Span| span.reprice(project, pricing) || changed;
        self.list.iter_mut().fold(false, reprice)
    }

    /// Takes in an event; whether that changes anything.
    pub fn take(&mut self, id: Rc<str>, part: Part) -> bool {
        if let Some(span) = self.get_mut(&id) {
            return span.take(part);
        }
        self.push(Span::new(id, part));
        true
    }

    /// Takes in another fold of a span; whether that changes anything.
    pub fn merge(&mut self, span: Span) -> bool {
        if let Some(known) = self.get_mut(&span.id) {
            return known.merge(span);
        }
        self.push(span);
        true
    }

    fn push(&mut self, span: Span) {
        self.at.insert(Rc::clone(&span.id), self.list.len());
        self.list.push(span);
    }

    /// What they add up to. A call of a model that may say its parent's usage once more is
    /// not counted where that is such a call, too, and says it; its cost likewise.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        // Only what may repeat or be repeated: few spans are calls, and in most traces none.
        let mut calls: Vec<(u64, Folded)> = Vec::new();
        for span in &self.list {
            let folded = span.fold();
            totals.add(&folded);
            let used = Used::of(&folded);
            if folded.marks & mark::MAY_REPEAT != 0 && used != Used::default() {
                calls.push((link_of_packed(&span.packed_id()), folded));
            }
        }
        if calls.len() < 2 || calls.iter().all(|(_, call)| call.parent.is_none()) {
            return totals;
        }
        let used: Map<u64, Used> =
            calls.iter().map(|(link, call)| (*link, Used::of(call))).collect();
        for (link, call) in &calls {
            let parent = call.parent.filter(|parent| parent != link);
            let Some(above) = parent.and_then(|parent| used.get(&parent)) else { continue };
            let own = Used::of(call);
            totals = totals.plus(&Totals {
                tokens: if above.tokens > 0 { -own.tokens } else { 0 },
                cost_nano: if above.cost_nano == 0 { 0 } else { -own.cost_nano },
                ..Totals::default()
            });
        }
        totals
    }

    /// How many of them failed by themselves: of no failed child, as far as those are here.
    /// What fails because a step of it did only passes that on.
    #[must_use]
    pub fn failures(&self) -> i64 {
        let failed: Vec<(u64, Folded)> = self
            .list
            .iter()
            .map(|span| (span, span.fold()))
            .filter(|(_, folded)| folded.failed)
            .map(|(span, folded)| (link_of_packed(&span.packed_id()), folded))
            .collect();
        let explained: Set<u64> = failed
            .iter()
            .filter_map(|(link, folded)| folded.parent.filter(|parent| parent != link))
            .collect();
        let passes_on = |(link, folded): &&(u64, Folded)| {
            explained.contains(link) || folded.envelope.is_some_and(|own| explained.contains(&own))
        };
        let own = failed.len() - failed.iter().filter(passes_on).count();
        // In a loop of parents each passes on what another does.
        i64::try_from(own.max(failed.len().min(1))).unwrap_or(i64::MAX)
    }
}

/// What a call of a model used; 0 where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Used {
    tokens: i64,
    cost_nano: i64,
}

impl Used {
    fn of(span: &Folded) -> Self {
        let Totals { tokens, cost_nano, .. } = Totals::of(span);
        Self { tokens, cost_nano }
    }
}

impl FromIterator<Span> for Spans {
    fn from_iter<T: IntoIterator<Item = Span>>(spans: T) -> Self {
        let spans = spans.into_iter();
        let mut all = Self::default();
        all.list.reserve(spans.size_hint().0);
        all.at.reserve(spans.size_hint().0);
        for span in spans {
            all.merge(span);
        }
        all
    }
}

impl IntoIterator for Spans {
    type Item = Span;
    type IntoIter = std::vec::IntoIter<Span>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Totals {
    /// What a span comes to by itself.
    fn of(span: &Folded) -> Self {
        let tokens = span.total_tokens.and_then(|n| i64::try_from(n).ok()).unwrap_or(0);
        Self {
            spans: 1,
            errors: span.failed.into(),
            failed_roots: (span.failed && span.parent.is_none()).into(),
            open: span.is_open().into(),
            tokens,
            cost_nano: span.cost_nano.unwrap_or(0),
        }
    }

    /// Adds a span.
    pub fn add(&mut self, span: &Folded) {
        *self = self.plus(&Self::of(span));
    }

    /// Takes a span off again.
    pub fn take_off(&mut self, span: &Folded) {
        let Self { spans, errors, failed_roots, open, tokens, cost_nano } = Self::of(span);
        *self = self.plus(&Self {
            spans: -spans,
            errors: -errors,
            failed_roots: -failed_roots,
            open: -open,
            tokens: -tokens,
            cost_nano: -cost_nano,
        });
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let sum = |a: i64, b: i64| a.saturating_add(b).clamp(-MAX_SUM, MAX_SUM);
        Self {
            spans: sum(self.spans, other.spans),
            errors: sum(self.errors, other.errors),
            failed_roots: sum(self.failed_roots, other.failed_roots),
            open: sum(self.open, other.open),
            tokens: sum(self.tokens, other.tokens),
            cost_nano: sum(self.cost_nano, other.cost_nano),
        }
    }
}
