//! The sweeper: finds raw batches that the ledger does not know and queues
//! them again. What it does in a run is bounded, and where it stopped is in
//! the database; a run cut off at any point is made good by the next.

use std::collections::BTreeMap;

use super::queue::{BatchQueue, Message};
use crate::batch;
use crate::batch::{BatchRef, Listed, RawStore};
use crate::error::Fault;
use crate::index::{Database, recovery};
use crate::model::Millis;

/// A raw batch younger than this may still be on its way: 3 minutes.
pub const GRACE_MS: Millis = 180_000;
/// Before this no raw batch is put any more: 15 minutes. What is younger is looked at in
/// every run, because a batch may come to lie before others that were looked at: its key
/// has the time of its edge's clock, and putting it takes time. The simulator lost
/// acknowledged batches to clocks that were four minutes behind when this was [`GRACE_MS`].
pub const SETTLED_MS: Millis = 15 * 60_000;
/// Keys in one listing, the most that R2 gives at once.
pub const PAGE: usize = 1_000;
/// Listings in one run: 10,000 batches a minute, 166 a second. From 14 a second on those
/// of the last minutes are beyond them, and are looked at later: before [`SETTLED_MS`].
const MAX_PAGES: usize = 10;
/// Overdue batches that are on the queue again at a time. A queue that has lost
/// its messages gets them back as fast as they are written; one that merely has
/// many is not made longer.
const MAX_WAITING: usize = 1_000;
/// Those queued again in a run even so: what cannot be written holds up no other.
const MIN_QUEUED: usize = 100;

/// What a run did; for the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Swept {
    /// Raw batches looked at.
    pub listed: usize,
    /// Messages sent for those that were missing from the ledger.
    pub queued: usize,
    /// The same by project.
    pub projects: BTreeMap<String, usize>,
    /// Whether it looked at all that there is to look at.
    pub complete: bool,
}

/// One run.
///
/// # Errors
/// The fault of whatever could not be reached; what was done until then holds.
pub async fn sweep(
    now: Millis,
    store: &impl RawStore,
    queue: &impl BatchQueue,
    db: &impl Database,
) -> Result<Swept, Fault> {
    let mut swept = Swept::default();
    let horizon = batch::key_at(now - GRACE_MS);
    let settled = batch::key_at(now - SETTLED_MS);
    let ran = db.run(vec![recovery::select_position()]).await?;
    let stored = ran.rows.into_iter().flatten().next().unwrap_or_default();
    let mut place = stored;
    // A clock that was ahead and is right again must not leave the position in
    // the future, where the batches of today would lie behind it.
    if place > settled {
        place.clone_from(&settled);
        db.run(recovery::note_overdue(&[], &place, now)).await?;
    }
    for _ in 0..MAX_PAGES {
        let Listed { mut keys, more } = store.list(&place, PAGE).await?;
        let listed = keys.len();
        keys.retain(|key| *key < horizon);
        swept.complete = !more || keys.len() < listed;
        let Some(last) = keys.last() else { break };
        place.clone_from(last);
        let batches: Vec<_> = keys.iter().filter_map(|key| BatchRef::parse(key)).collect();
        swept.listed += keys.len();
        db.run(recovery::note_overdue(&batches, place.as_str().min(&settled), now)).await?;
        if swept.complete {
            break;
        }
    }
    for batch in queue_due(now, queue, db).await? {
        swept.queued += 1;
        *swept.projects.entry(batch.project).or_default() += 1;
    }
    Ok(swept)
}

/// Queues what is overdue and due. Sent twice does no harm: a second delivery
/// changes nothing.
async fn queue_due(
    now: Millis,
    queue: &impl BatchQueue,
    db: &impl Database,
) -> Result<Vec<BatchRef>, Fault> {
    let ran = db.run(recovery::select_due(now, MAX_WAITING, MIN_QUEUED)).await?;
    let due: Vec<BatchRef> = ran
        .rows
        .iter()
        .flatten()
        .filter_map(|row| serde_json::from_str::<(String, i64)>(row).ok())
        .filter_map(|(object, _)| BatchRef::parse(&object))
        .collect();
    if due.is_empty() {
        return Ok(due);
    }
    let messages: Vec<_> = due.iter().map(Message::of).collect();
    queue.send_all(&messages).await?;
    db.run(recovery::note_queued(&due, now)).await?;
    Ok(due)
}
