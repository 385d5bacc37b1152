//! The queue's pipeline: from a message to rows in D1. Each message is on its
//! own, so that a bad one holds up nobody, and every await may be repeated:
//! that is said where it stands.

use crate::batch::{BatchRef, RawStore};
use crate::error::Fault;
use crate::model::Event;
use crate::queue::Message;
use crate::store::{Database, write};
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
    pub delay_ms: i64,
}

/// Longest wait between two tries, in seconds. The platform allows a day.
const MAX_DELAY_S: u32 = 600;

/// Writes the batch that a message points to. `attempt` counts deliveries from
/// 1, `now` is the clock's when it is done.
pub async fn consume(
    message: &Message,
    attempt: u32,
    now: impl Fn() -> i64,
    store: &impl RawStore,
    db: &impl Database,
) -> Outcome {
    match write(message, now, store, db).await {
        Ok(written) => Outcome::Ack(written),
        Err(why) => Outcome::Retry { delay_s: delay(attempt), why },
    }
}

/// 2, 4, 8, … seconds, bounded: an outage of minutes costs few tries.
fn delay(attempt: u32) -> u32 {
    2_u32.saturating_pow(attempt.max(1)).min(MAX_DELAY_S)
}

async fn write(
    message: &Message,
    now: impl Fn() -> i64,
    store: &impl RawStore,
    db: &impl Database,
) -> Result<Written, String> {
    let batch = message.batch()?;
    // 1. Reading changes nothing, and a raw batch never changes.
    let body = store.get(&batch.key(), None).await.map_err(|f| f.to_string())?;
    let body = body.ok_or_else(|| format!("there is no raw batch at {}", batch.key()))?;
    let (text, events) = decode(&batch, &body)?;
    // 2. One transaction that commutes with itself and all others: done twice,
    //    or done and its reply lost, it ends the same.
    let ran = db.run(write::plan(&batch, text, &events)).await.map_err(|f: Fault| f.to_string())?;
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
/// refused the whole.
fn decode<'a>(batch: &BatchRef, body: &'a [u8]) -> Result<(&'a str, Vec<Event<'a>>), String> {
    let text = std::str::from_utf8(body).map_err(|e| e.to_string())?;
    let mut events = Vec::new();
    match batch.format {
        crate::batch::Format::Native => wire::decode(body, |event| events.push(event)),
    }
    .map_err(|reject| format!("the raw batch does not decode: {reject:?}"))?;
    Ok((text, events))
}
