//! Doing at once what the queue of batches would have had done, when it is down: so traces can
//! be seen, and the sweeper, which goes over what the ledger does not know, need not queue
//! them later.

use std::slice;

use super::announce::announce;
use super::consume::{Delivery, Outcome, consume};
use super::evaluations::EvaluationQueue;
use super::queue::Message;
use super::sweep::GRACE_MS;
use crate::batch::{BatchRef, RawStore};
use crate::formats::Formats;
use crate::index::{Database, recovery};
use crate::model::Millis;

/// Seconds until it could be done again; the sweeper looks by itself.
const AGAIN_S: u32 = 180;

/// Writes a batch whose message could not be sent, and sends word of its traces. Where it is
/// written and no word could be sent - the queue of evaluations is most likely down, too - the
/// ledger knows the batch, and nobody would come back to it. So it is noted before as one that
/// is to be queued whether it is written or not, and the note taken back once all is done.
pub async fn stand_in(
    message: &Message,
    now: &impl Fn() -> Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
    evaluations: &impl EvaluationQueue,
) -> Outcome {
    let none = |why: String| Outcome::Retry { delay_s: AGAIN_S, why };
    let Some(batch) = BatchRef::parse(&message.key) else {
        return none("the message names no batch".into());
    };
    if let Err(fault) = db.run(vec![recovery::owe(&batch, now() + GRACE_MS)]).await {
        return none(fault.to_string());
    }
    let delivery = Delivery { message: message.clone(), attempt: 1 };
    let mut outcomes = consume(slice::from_ref(&delivery), now, formats, store, db).await;
    announce(&mut outcomes, now(), evaluations).await;
    let Some(outcome) = outcomes.pop() else { return none("nothing became of it".into()) };
    if matches!(outcome, Outcome::Ack(_)) {
        // Should this fail, it is queued once more, and nothing changes.
        drop(db.run(vec![recovery::owe_no_more(&batch)]).await);
    }
    outcome
}
