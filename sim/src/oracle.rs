//! What must come out: a fold of everything that was said, in any order. It is written
//! from the contract, and shares nothing with the service.

use std::collections::{BTreeMap, BTreeSet};

use edgespan::batch::BatchRef;
use edgespan::model::{Micros, Millis};

use crate::workload::{Said, SaidSpan};

/// What is known of a trace.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The name that it was given last, and when that was said.
    pub name: Option<(Micros, String)>,
    /// Its spans, each as it was said field by field.
    pub spans: BTreeMap<String, SaidSpan>,
    /// All that was said of them, by when.
    said: BTreeMap<String, BTreeMap<Micros, SaidSpan>>,
    /// The earliest that anything was said to begin.
    pub start: Option<Micros>,
    /// The latest that anything was said to be.
    pub end: Option<Micros>,
}

impl Trace {
    fn hear(&mut self, said: &Said) {
        match said {
            Said::Trace { name, at, .. } => {
                self.start = Some(self.start.map_or(*at, |start| start.min(*at)));
                if self.name.as_ref().is_none_or(|(known, _)| known < at) {
                    self.name = Some((*at, name.clone()));
                }
            }
            Said::Span(span) => {
                self.start = Some(self.start.map_or(span.start, |start| start.min(span.start)));
                self.end = self.end.max(Some(span.end.unwrap_or(span.start)));
                let versions = self.said.entry(span.id.clone()).or_default();
                versions.entry(span.revision).or_insert_with(|| span.clone());
                let folded = versions.values().cloned().reduce(|old, new| SaidSpan {
                    parent: new.parent.or(old.parent),
                    start: new.start.min(old.start),
                    end: new.end.or(old.end),
                    tokens: new.tokens.or(old.tokens),
                    cost_nano: new.cost_nano.or(old.cost_nano),
                    failed: new.failed.or(old.failed),
                    ..new
                });
                self.spans.extend(folded.map(|folded| (span.id.clone(), folded)));
            }
            Said::Score { .. } | Said::Deletion(_) => {}
        }
    }

    /// Tokens of all spans.
    #[must_use]
    pub fn tokens(&self) -> i64 {
        self.spans.values().filter_map(|span| span.tokens).sum()
    }

    /// What all spans cost.
    #[must_use]
    pub fn cost_nano(&self) -> i64 {
        self.spans.values().filter_map(|span| span.cost_nano).sum()
    }

    /// Spans that failed.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.spans.values().filter(|span| span.failed == Some(true)).count()
    }

    /// Whether one without a parent failed.
    #[must_use]
    pub fn root_failed(&self) -> bool {
        self.spans.values().any(|span| span.parent.is_none() && span.failed == Some(true))
    }

    /// Spans that have not ended.
    #[must_use]
    pub fn open(&self) -> usize {
        self.spans.values().filter(|span| span.end.is_none()).count()
    }
}

/// What is known of a score.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Score {
    /// Whether it was ever deleted.
    pub deleted: bool,
    /// When it was last said.
    at: Millis,
    /// What was said then, of which trace and how many tenths: one of these counts.
    pub said: BTreeSet<(String, i64)>,
}

/// What is known of one project: its traces and its scores by their ids.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Known(pub BTreeMap<String, Trace>, pub BTreeMap<String, Score>);

impl Known {
    /// Takes in what a batch says.
    pub fn hear(&mut self, batch: &BatchRef, said: &[Said]) {
        for (index, one) in said.iter().enumerate() {
            let id = match one {
                Said::Trace { id, .. } => id,
                Said::Span(span) => &span.trace,
                Said::Score { id, trace, value } => {
                    let made_up = || format!("{}-{index}", batch.id);
                    let score = self.1.entry(id.clone().unwrap_or_else(made_up)).or_default();
                    if score.at < batch.received {
                        score.said.clear();
                    }
                    if score.at <= batch.received {
                        score.at = batch.received;
                        score.said.insert((trace.clone(), *value));
                    }
                    continue;
                }
                Said::Deletion(id) => {
                    self.1.entry(id.clone()).or_default().deleted = true;
                    continue;
                }
            };
            self.0.entry(id.clone()).or_default().hear(one);
        }
    }
}
