//! What spans used of models, each once: for counts by model and hour. A span takes part that
//! says a model, tokens or a cost, so that these come to what their traces come to.

use std::rc::Rc;

use super::link_of_packed;
use super::map::Map;
use super::part::mark;
use super::span::{Folded, Span};
use super::spans::Spans;
use crate::model::Micros;

/// What a span used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "see `Folded`")]
pub struct ModelUse {
    pub model: Option<Rc<str>>,
    /// When it began; else when it ended, or was received.
    pub at_us: Micros,
    /// Whether it is a call, and not one that another says once more.
    pub counts: bool,
    pub failed: bool,
    pub took_us: Option<Micros>,
    pub input: i64,
    pub output: i64,
    pub cached: i64,
    pub tokens: i64,
    pub cost_nano: i64,
}

impl ModelUse {
    /// What a span used by itself, if anything.
    #[must_use]
    pub fn of(span: &Span) -> Option<Self> {
        Self::read(span).map(|(one, _)| one)
    }

    fn read(span: &Span) -> Option<(Self, Folded)> {
        let says = |part: &super::part::Part| {
            let fields = &part.fields;
            fields.model.is_some()
                || fields.cost_nano.is_some()
                || fields.prompt_tokens.is_some()
                || fields.completion_tokens.is_some()
                || fields.total_tokens.is_some()
        };
        if !span.parts().iter().any(says) {
            return None;
        }
        let folded = span.fold();
        let number = |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok()).unwrap_or(0);
        let received = || span.newest().map(|part| part.place.batch.received.saturating_mul(1_000));
        let took = folded.start_us.zip(folded.end_us).map(|(start, end)| end.saturating_sub(start));
        let one = Self {
            model: folded.model.clone(),
            at_us: folded.start_us.or(folded.end_us).or_else(received).unwrap_or_default(),
            counts: true,
            failed: folded.failed,
            took_us: took,
            input: number(folded.prompt_tokens),
            output: number(folded.completion_tokens),
            cached: number(folded.usage.cached),
            tokens: number(folded.total_tokens),
            cost_nano: folded.cost_nano.unwrap_or(0),
        };
        Some((one, folded))
    }
}

/// What the spans of a pack used. What a call says once more of its parent's is left out, as
/// in [`Spans::totals`].
#[must_use]
pub fn model_uses(spans: &Spans) -> Vec<ModelUse> {
    let mut all = Vec::new();
    // Its link, its parent's, its place, tokens and cost.
    let mut may_repeat = Vec::new();
    for span in spans.list() {
        let Some((one, folded)) = ModelUse::read(span) else { continue };
        if folded.marks & mark::MAY_REPEAT != 0 && (one.tokens, one.cost_nano) != (0, 0) {
            let link = link_of_packed(&span.packed_id());
            may_repeat.push((link, folded.parent, all.len(), (one.tokens, one.cost_nano)));
        }
        all.push(one);
    }
    if may_repeat.len() > 1 {
        let used: Map<u64, (i64, i64)> =
            may_repeat.iter().map(|(link, _, _, used)| (*link, *used)).collect();
        for (link, parent, at, _) in may_repeat {
            let parent = parent.filter(|parent| *parent != link);
            let Some((tokens, cost)) = parent.and_then(|parent| used.get(&parent)) else {
                continue;
            };
            let Some(one) = all.get_mut(at) else { continue };
            if *tokens > 0 {
                (one.input, one.output, one.cached, one.tokens) = (0, 0, 0, 0);
            }
            if *cost != 0 {
                one.cost_nano = 0;
            }
            one.counts = false;
        }
    }
    all
}
