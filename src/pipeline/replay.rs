//! Putting raw batches back on the queue by the time they were received. The
//! consumer's statements commute, so replaying what is right changes nothing,
//! and a database that was emptied fills up again.

use serde::{Deserialize, Serialize};

use super::queue::{BatchQueue, Message};
use crate::batch;
use crate::batch::{BatchRef, Listed, RawStore};
use crate::error::{Error, Fault, Reject};
use crate::index::{Database, recovery};
use crate::model::Millis;
use crate::time;

/// Which raw batches to replay, and from where on: one step of a replay that
/// the caller repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayRequest {
    /// Only batches received at this time or later, ISO 8601.
    pub since: String,
    /// Only batches received before this time, ISO 8601.
    pub until: String,
    /// Only this project's, by its id.
    #[serde(default)]
    pub project: Option<String>,
    /// Where the last step stopped: its `next`.
    #[serde(default)]
    pub after: Option<String>,
    /// Whether only to count.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Batches that the request means, among those looked at.
    pub matched: usize,
    /// Messages sent.
    pub queued: usize,
    /// Where the next step begins; `None` when this was the last.
    pub next: Option<String>,
    /// When the last batch looked at was received, milliseconds since the
    /// epoch: how far the replay has come.
    pub reached: Option<Millis>,
}

/// Batches looked at in one step.
const STEP: usize = 1_000;

/// Replays one step.
///
/// # Errors
/// 400 for times that cannot be read; a fault of R2 or of the queue, after
/// which the same step can be taken again.
pub async fn replay(
    request: &ReplayRequest,
    store: &impl RawStore,
    queue: &impl BatchQueue,
) -> Result<Replayed, Error> {
    let since = time("since", &request.since)?;
    let until = time("until", &request.until)?;
    // A key that begins with a time comes after the time alone.
    let after = request.after.clone().unwrap_or_else(|| batch::key_at(since));
    let end = batch::key_at(until);
    let Listed { keys, more } = store.list(&after, STEP).await?;
    if more && keys.is_empty() {
        // There is no place to go on from, and the replay is not done.
        let why = "it gave no key and says that there are more".into();
        return Err(Fault::Unavailable { what: "r2 list", why }.into());
    }
    let last = keys.last().cloned();
    let more = more && last.as_ref().is_some_and(|key| *key < end);
    let batches: Vec<BatchRef> = keys
        .into_iter()
        .take_while(|key| *key < end)
        .filter_map(|key| BatchRef::parse(&key))
        .collect();
    let reached = batches.last().map(|batch| batch.received);
    let messages: Vec<Message> = batches
        .iter()
        .filter(|batch| request.project.as_ref().is_none_or(|only| *only == batch.project))
        .map(Message::of)
        .collect();
    let queued = if request.dry_run { 0 } else { messages.len() };
    if queued > 0 {
        queue.send_all(&messages).await?;
    }
    Ok(Replayed { matched: messages.len(), queued, next: last.filter(|_| more), reached })
}

/// A time of a request.
pub(super) fn time(name: &str, text: &str) -> Result<Millis, Reject> {
    let expected = "expected an ISO 8601 date and time such as 2026-03-14T10:00:00Z";
    let at = time::parse(text).ok_or_else(|| Reject::invalid(name, expected))?;
    Ok(at.div_euclid(1_000))
}

/// What is read here of a dead letter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeadLetter {
    batch_id: String,
    object: String,
}

/// Queues a project's dead letters again, of the newest hundred: one by its batch's id, or all.
/// How many those were.
///
/// # Errors
/// 404 where there is none of that id; a fault of the database or the queue.
pub async fn replay_dead_letters(
    project: &str,
    batch: Option<&str>,
    db: &impl Database,
    queue: &impl BatchQueue,
) -> Result<usize, Error> {
    let rows = db.run(vec![recovery::select_dead_letters(project)]).await?.rows.concat();
    let letters = rows.iter().filter_map(|row| serde_json::from_str::<DeadLetter>(row).ok());
    let meant = letters.filter(|letter| batch.is_none_or(|batch| batch == letter.batch_id));
    let messages: Vec<_> = meant
        .filter_map(|letter| BatchRef::parse(&letter.object))
        .map(|batch| Message::of(&batch))
        .collect();
    if messages.is_empty() {
        return Err(Reject::NotFound("this project has no such dead letter".into()).into());
    }
    queue.send_all(&messages).await?;
    Ok(messages.len())
}
