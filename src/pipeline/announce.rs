//! Sending word of what was written to those who judge it.

use super::consume::Outcome;
use super::evaluations::{EvaluationQueue, EvaluationRequest, SETTLED_S, UNSETTLED_S};
use crate::model::Millis;
use ingest_core::index_writer::touched::Touched;

/// Sends word of what was written, and has those messages delivered again whose traces it
/// could not be sent of: then nothing is new but the word.
pub async fn announce(outcomes: &mut [Outcome], now: Millis, queue: &impl EvaluationQueue) {
    let written = |outcome: &mut Outcome| match outcome {
        Outcome::Ack(written) => Some(std::mem::take(&mut written.evaluate)),
        _ => None,
    };
    let touched: Vec<Touched> = outcomes.iter_mut().filter_map(written).flatten().collect();
    for request in EvaluationRequest::of(&touched, now) {
        let Err(fault) = queue.send(&request, SETTLED_S).await else { continue };
        for outcome in &mut *outcomes {
            if matches!(outcome, Outcome::Ack(written) if written.project == request.project) {
                let why = format!("it is written, but no word of it could be sent: {fault}");
                *outcome = Outcome::Retry { delay_s: UNSETTLED_S, why };
            }
        }
    }
}
