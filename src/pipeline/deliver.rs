//! One delivery of the queue: from its messages to what becomes of each. The platform is
//! told nothing here; that is the caller's.

use super::announce::announce;
use super::consume::{Delivery, Outcome, consume, consume_dead};
use super::evaluations::EvaluationQueue;
use super::queue::BatchQueue;
use crate::batch::RawStore;
use crate::formats::Formats;
use crate::index::Database;
use crate::model::Millis;

/// Seconds until a message is tried again that could not be put among the dead letters.
const BURY_AGAIN_S: u32 = 60;

/// Which of the two queues delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The queue of batches.
    Batches,
    /// The queue of what that one has given up.
    DeadLetters,
}

/// Writes the batches; of those that the queue has given up, records the reasons. Each
/// message is settled by itself, and none is acknowledged before it is safe.
pub async fn deliver(
    deliveries: &[Delivery],
    origin: Origin,
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
    (dead, evaluations): (&impl BatchQueue, &impl EvaluationQueue),
) -> Vec<Outcome> {
    let mut outcomes = match origin {
        Origin::Batches => consume(deliveries, now, formats, store, db).await,
        Origin::DeadLetters => consume_dead(deliveries, now, formats, store, db).await,
    };
    announce(&mut outcomes, now(), evaluations).await;
    if origin == Origin::DeadLetters {
        return outcomes;
    }
    for (outcome, delivery) in outcomes.iter_mut().zip(deliveries) {
        let Outcome::Bury { why } = outcome else { continue };
        // Acknowledged only when it is safe among the dead letters.
        if let Err(fault) = dead.send(&delivery.message).await {
            let why = format!("{why}; and then {fault}");
            *outcome = Outcome::Retry { delay_s: BURY_AGAIN_S, why };
        }
    }
    outcomes
}
