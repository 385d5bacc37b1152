//! The queue's pipeline: from a message to rows in D1. Each message is on its
//! own, so that a bad one holds up nobody, and every await may be repeated:
//! that is said where it stands.

use crate::batch::{BatchRef, Format, RawStore};
use crate::model::{Event, Millis};
use crate::queue::Message;
use crate::store::{Database, safety, stat, write};
use crate::wire;

/// What is to become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Ack(Written),
    /// Something was not to be reached: again, after so many seconds.
    Retry {
        /// Seconds to wait.
        delay_s: u32,
        /// For the log.
        why: String,
    },
    /// No number of tries will do: to the dead letters with it.
    Bury {
        /// For the log.
        why: String,
    },
}

/// What a message came to; for the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// The project of the batch.
    pub project: String,
    /// Its id.
    pub batch: String,
    /// Bytes read from the raw batch.
    pub bytes: usize,
    /// Events in it that count.
    pub events: usize,
    /// Rows that D1 wrote, as it bills them.
    pub rows_written: u64,
    /// Milliseconds since the edge received the batch.
    pub delay_ms: Millis,
}

/// Why a message could not be written.
enum Failure {
    /// Perhaps next time.
    Passing(String),
    /// Not by this release, ever.
    Lasting(String),
}

/// Longest wait between two tries, in seconds. The platform allows a day.
const MAX_DELAY_S: u32 = 600;

/// Writes the batch that a message points to. `attempt` counts deliveries from
/// 1; `now` is the clock.
pub async fn consume(
    message: &Message,
    attempt: u32,
    now: impl Fn() -> Millis,
    store: &impl RawStore,
    db: &impl Database,
) -> Outcome {
    match write(message, attempt, now, store, db).await {
        Ok(written) => Outcome::Ack(written),
        Err(Failure::Passing(why)) => Outcome::Retry { delay_s: delay(attempt), why },
        Err(Failure::Lasting(why)) => Outcome::Bury { why },
    }
}

/// The dead letters' pipeline: what was given up is tried once more, for what
/// stood in its way may be gone; else its reason is recorded, for its project
/// to see. It is only forgotten when that is done.
pub async fn consume_dead(
    message: &Message,
    attempt: u32,
    now: impl Fn() -> Millis,
    store: &impl RawStore,
    db: &impl Database,
) -> Outcome {
    // 1. As for any other message. What may pass is no reason to give up: while
    //    nothing is recorded, the sweeper queues it again even when the queue
    //    has given up on this message, too.
    let why = match consume(message, attempt, &now, store, db).await {
        Outcome::Bury { why } => why,
        settled => return settled,
    };
    let Ok(batch) = message.batch() else {
        return Outcome::Retry { delay_s: MAX_DELAY_S, why };
    };
    // 2. One row by its key: done twice, it is the same row.
    match db.run(safety::bury(&batch, &why, attempt, now())).await {
        Ok(_) => Outcome::Bury { why },
        Err(fault) => {
            Outcome::Retry { delay_s: delay(attempt), why: format!("{why}; and then {fault}") }
        }
    }
}

/// How long to wait for the next try: 2, 4, 8, … seconds, bounded, so that an
/// outage of minutes costs few tries.
#[must_use]
pub fn delay(attempt: u32) -> u32 {
    2_u32.saturating_pow(attempt.max(1)).min(MAX_DELAY_S)
}

async fn write(
    message: &Message,
    attempt: u32,
    now: impl Fn() -> Millis,
    store: &impl RawStore,
    db: &impl Database,
) -> Result<Written, Failure> {
    // A message of a release to come: another isolate may have it already.
    let batch = message.batch().map_err(Failure::Passing)?;
    // 1. Reading changes nothing, and a raw batch never changes.
    let body = store.get(&batch.key(), None).await;
    let body = body
        .map_err(|fault| Failure::Passing(fault.to_string()))?
        .ok_or_else(|| Failure::Lasting("the raw batch is not in R2".into()))?;
    let (text, events) = decode(&batch, &body).map_err(Failure::Lasting)?;
    if events.is_empty() {
        // The edge keeps no such batch: a release to come did.
        return Err(Failure::Lasting("the raw batch has no event that is known".into()));
    }
    // 2. One transaction that commutes with itself and all others: done twice,
    //    or done and its reply lost, it ends the same.
    let plan = write::plan(&batch, text, &events, stat::Write { now: now(), attempt });
    let ran = db.run(plan).await;
    let ran = ran.map_err(|fault| Failure::Passing(fault.to_string()))?;
    Ok(Written {
        bytes: body.len(),
        events: events.len(),
        rows_written: ran.rows_written,
        delay_ms: now() - batch.received,
        project: batch.project,
        batch: batch.id,
    })
}

/// The events of the batch that count: the edge accepted all good ones, or
/// refused the whole. The reason names no content: it goes to logs.
fn decode<'a>(batch: &BatchRef, body: &'a [u8]) -> Result<(&'a str, Vec<Event<'a>>), String> {
    let text = std::str::from_utf8(body).map_err(|e| format!("the raw batch: {e}"))?;
    let mut events = Vec::new();
    let decoded = match batch.format {
        Format::Native => wire::decode(body, |event| events.push(event)),
    };
    decoded.map_err(|_| "the raw batch does not decode".to_owned())?;
    Ok((text, events))
}
