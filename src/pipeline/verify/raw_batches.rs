//! A step along R2: some raw batches, decoded and folded, beside the rows of the traces
//! that they mention.
//!
//! The ledger is read in the transaction that reads the rows, and a batch is written in the
//! one that writes its last row: so what a batch says that the ledger knows has to be there,
//! however busy the service is.

use serde::Deserialize;

use super::TimeRange;
use super::reading::read_some;
use super::step::Step;
pub use super::step::{Open, Seen, Verified};
use crate::batch;
use crate::batch::{BatchRef, Listed, RawStore};
use crate::error::{Error, Fault};
use crate::formats::Formats;
use crate::index::Database;
use crate::model::Millis;
use crate::pipeline::queue::{BatchQueue, Message};

/// Which raw batches, and from where on: one step that the caller repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyRequest {
    /// Only batches received at this time or later, ISO 8601.
    pub since: String,
    /// Only batches received before this time, ISO 8601; all there are, without one.
    #[serde(default)]
    pub until: Option<String>,
    /// Only this project's, by its id.
    #[serde(default)]
    pub project: Option<String>,
    /// Where the last step stopped: its `next`.
    #[serde(default)]
    pub after: Option<String>,
    /// Whether to queue the batches of which something is missing in the index.
    #[serde(default)]
    pub queue: bool,
}

/// Batches looked at in one step.
const STEP: usize = 200;

/// Looks at some raw batches.
///
/// # Errors
/// 400 for times that cannot be read; a fault of R2, D1 or the queue, after which the same
/// step can be taken again.
pub async fn verify(
    request: &VerifyRequest,
    now: Millis,
    formats: Formats,
    store: &impl RawStore,
    db: &impl Database,
    queue: &impl BatchQueue,
) -> Result<Verified, Error> {
    let range = TimeRange::read(&request.since, request.until.as_deref())?;
    let after = request.after.clone().unwrap_or_else(|| batch::key_at(range.since));
    let Listed { mut keys, mut more } = store.list(&after, STEP).await?;
    if more && keys.is_empty() {
        let why = "it gave no key and says that there are more".into();
        return Err(Fault::Unavailable { what: "r2 list", why }.into());
    }
    if let Some(end) = range.end() {
        let listed = keys.len();
        keys.retain(|key| *key < end);
        more &= keys.len() == listed;
    }
    let (read, raws) = read_some(&keys, request.project.as_deref(), formats, store).await?;
    let next = keys.get(read.wrapping_sub(1)).filter(|_| more || read < keys.len());
    let reached = keys.get(..read).and_then(<[_]>::last).and_then(|key| BatchRef::parse(key));
    let mut step = Step::new(range, now);
    step.compare(&raws, formats, db).await?;
    let Step { mut verified, lacking, .. } = step;
    if request.queue && !lacking.is_empty() {
        let messages = lacking.iter().filter_map(|at| raws.get(*at));
        let messages: Vec<_> =
            messages.map(|raw| Message::of(&raw.batch).with_bytes(raw.body.len())).collect();
        queue.send_all(&messages).await?;
        verified.queued = messages.len();
    }
    verified.next = next.cloned();
    verified.reached = reached.map(|batch| batch.received);
    Ok(verified)
}
