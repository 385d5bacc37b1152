//! Which of a project's evaluators judge a trace, and which of its spans.

use evaluators::evaluator::assignment::{Filter, is_sampled};

use crate::index::evaluators::EvaluatorRow;
use crate::index::read::TraceRow;
use crate::model::SpanType;

/// What an evaluator reads of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The output, and what should have come out.
    Output,
    /// Calls of tools.
    Calls,
    /// How long it took.
    Duration,
    /// What it cost.
    Cost,
    /// Input and output.
    Exchange,
}

impl Reads {
    /// What evaluators of a type read.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        match kind {
            "LATENCY" | "RESPONSE_TIME_SLA" => Self::Duration,
            "COST" => Self::Cost,
            "TOOL_CALL_VALIDATION" => Self::Calls,
            "LLM_JUDGE" | "WEBHOOK" => Self::Exchange,
            _ => Self::Output,
        }
    }
}

/// An evaluator that judges a trace, or spans of it.
#[derive(Debug)]
pub struct Planned<'e> {
    /// The evaluator.
    pub row: &'e EvaluatorRow,
    filter: Filter,
}

/// The filter of a stored evaluator, which was checked when it was stored.
fn filter_of(row: &EvaluatorRow) -> Option<Filter> {
    let filter = Filter::parse(Some(&row.filter), |kind| SpanType::parse(kind).is_some());
    filter.ok().map(|(filter, _)| filter)
}

impl Planned<'_> {
    /// Whether it judges spans, and not the trace.
    #[must_use]
    pub fn judges_spans(&self) -> bool {
        self.row.target == "span"
    }

    /// Whether it judges a span of this type and name.
    #[must_use]
    pub fn takes_span(&self, kind: &str, name: &str) -> bool {
        self.judges_spans() && self.filter.takes_span(kind, name)
    }
}

/// What is to be done with a trace.
#[derive(Debug)]
pub struct Plan<'e> {
    /// Who judges it.
    pub evaluators: Vec<Planned<'e>>,
    /// Names that the trace asks for and no evaluator has, or one that is switched off.
    pub unknown: Vec<String>,
}

impl<'e> Plan<'e> {
    /// One evaluator alone, whatever it is for.
    #[must_use]
    pub fn of_one(row: &'e EvaluatorRow) -> Self {
        let filter = filter_of(row).unwrap_or_default();
        Self { evaluators: vec![Planned { row, filter }], unknown: Vec::new() }
    }

    /// Whether anybody looks for calls of tools in the trace as a whole.
    #[must_use]
    pub fn wants_calls(&self) -> bool {
        let wants = |p: &Planned<'_>| !p.judges_spans() && Reads::of(&p.row.r#type) == Reads::Calls;
        self.evaluators.iter().any(wants)
    }
}

/// Who judges a trace: those that were asked for by id; else those that the trace asks for, by
/// name or id, if they are switched on; else all that run unasked, are for such traces, and
/// take this one.
#[must_use]
pub fn plan<'e>(all: &'e [EvaluatorRow], ids: Option<&[String]>, trace: &TraceRow) -> Plan<'e> {
    let asked: Option<Vec<String>> = list(trace.evaluators.as_deref());
    let tags = list(trace.tags.as_deref()).unwrap_or_default();
    let (mut evaluators, mut unknown) = (Vec::new(), Vec::new());
    for row in all {
        let Some(filter) = filter_of(row) else { continue };
        let is_one = |name: &String| *name == row.id || *name == row.name;
        let wanted = match (ids, &asked) {
            (Some(ids), _) => ids.contains(&row.id),
            (None, Some(asked)) => row.enabled != 0 && asked.iter().any(is_one),
            (None, None) => {
                row.enabled != 0
                    && row.auto_run != 0
                    && filter.takes_trace(&trace.name, &tags)
                    && is_sampled(&row.id, &trace.id, row.sample_rate)
            }
        };
        if wanted {
            // What is asked for by name is for this trace, but of spans for those it names.
            evaluators.push(Planned { row, filter });
        }
    }
    if ids.is_none() {
        let known = |name: &String| {
            let mut switched_on = all.iter().filter(|row| row.enabled != 0);
            switched_on.any(|row| *name == row.id || *name == row.name)
        };
        for name in asked.unwrap_or_default() {
            if !known(&name) && !unknown.contains(&name) {
                unknown.push(name);
            }
        }
    }
    Plan { evaluators, unknown }
}

fn list(json: Option<&str>) -> Option<Vec<String>> {
    json.and_then(|json| serde_json::from_str(json).ok())
}
