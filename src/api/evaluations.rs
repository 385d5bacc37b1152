//! What became of evaluators on a trace, as its answer has it: also what is yet to come, which
//! no row says.

use std::collections::HashSet;

use serde::Serialize;

use super::to_json;
use crate::error::Error;
use crate::evaluation::plan::plan;
use crate::index::Statement;
use crate::index::evaluators as stored;
use crate::index::read::TraceRow;
use crate::model::{Micros, Millis};
use crate::time;

/// How long after a trace was last heard of an evaluator that has said nothing is still taken
/// to be about to: twice as long as one waits for a root that has not ended.
const PENDING_US: Micros = 120 * 1_000_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EvaluationOut<'a> {
    /// Null of a name that no evaluator has.
    evaluator_id: Option<&'a str>,
    evaluator_name: &'a str,
    version: Option<u32>,
    span_id: Option<&'a str>,
    status: &'a str,
    /// Why there is no score.
    message: Option<&'a str>,
    updated_at: Option<String>,
}

/// What is asked together with a trace.
#[must_use]
pub fn select_evaluations(project: &str, trace: &str) -> [Statement; 2] {
    [stored::select_of_trace(project, trace), stored::select_all(project)]
}

/// What [`select_evaluations`] found, as JSON.
///
/// # Errors
/// A fault for rows that are not what was asked for.
pub fn show_evaluations(
    trace: &TraceRow,
    rows: &[Vec<String>],
    now: Millis,
) -> Result<String, Error> {
    let found = |at: usize| rows.get(at).map(Vec::as_slice).unwrap_or_default();
    let (evaluations, all) = (stored::read_of_trace(found(0))?, stored::read_all(found(1))?);
    let mut shown: Vec<EvaluationOut> = Vec::new();
    for row in &evaluations {
        shown.push(EvaluationOut {
            evaluator_id: Some(&*row.evaluator).filter(|_| row.version > 0),
            evaluator_name: &row.name,
            version: Some(row.version).filter(|version| *version > 0),
            span_id: Some(&*row.span).filter(|span| !span.is_empty()),
            status: &row.status,
            message: row.message.as_deref(),
            updated_at: Some(row.as_of_ms).filter(|at| *at > 0).map(time::of_millis),
        });
    }
    let quiet_us = now.saturating_mul(1_000).saturating_sub(trace.active_us);
    if quiet_us < PENDING_US && !all.is_empty() {
        let known: HashSet<(&str, u32)> =
            evaluations.iter().map(|row| (&*row.evaluator, row.version)).collect();
        for planned in plan(&all, None, trace).evaluators {
            let row = planned.row;
            if !known.contains(&(&*row.id, row.version)) {
                shown.push(EvaluationOut {
                    evaluator_id: Some(&row.id),
                    evaluator_name: &row.name,
                    version: Some(row.version),
                    span_id: None,
                    status: "pending",
                    message: None,
                    updated_at: None,
                });
            }
        }
    }
    to_json(&shown)
}
