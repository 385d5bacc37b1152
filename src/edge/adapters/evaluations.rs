//! The queue of evaluations.

use worker::{MessageBuilder, Queue};

use crate::error::Fault;
use crate::pipeline::evaluations::{EvaluationQueue, EvaluationRequest};

/// The queue of evaluations: its sending end.
pub struct Evaluations(pub Queue);

impl EvaluationQueue for Evaluations {
    async fn send(&self, request: &EvaluationRequest, delay_s: u32) -> Result<(), Fault> {
        let message = MessageBuilder::new(request).delay_seconds(delay_s).build();
        self.0
            .send(message)
            .await
            .map_err(|e| Fault::Unavailable { what: "queue send", why: e.to_string() })
    }
}
