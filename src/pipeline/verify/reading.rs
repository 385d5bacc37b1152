//! Raw batches as a step reads them: whole, and as many as a bound of bytes allows.

use std::rc::Rc;

use futures_util::future::try_join_all;

use crate::batch::{BatchRef, RawStore};
use crate::error::Fault;
use crate::formats::Formats;
use crate::limits::MAX_BODY_BYTES;
use crate::model::Event;
use ingest_core::fold::place::BatchName;

/// A step ends with the batches that bring it to so many bytes: as many as the consumer
/// writes together.
const STEP_BYTES: usize = 4 * 1024 * 1024;
/// Raw batches read at once, unless they may be large.
const READS: usize = 4;

/// A raw batch that was read.
pub(super) struct Raw {
    pub(super) batch: BatchRef,
    pub(super) name: Rc<BatchName>,
    pub(super) body: Vec<u8>,
}

/// Reads the first batches of these keys, up to a bound of bytes: how many keys that was,
/// and those that were meant.
pub(super) async fn read_some(
    keys: &[String],
    project: Option<&str>,
    formats: Formats,
    store: &impl RawStore,
) -> Result<(usize, Vec<Raw>), Fault> {
    let is_large =
        |key: &str| formats.of_key(key).is_none_or(|format| format.max_body_bytes > MAX_BODY_BYTES);
    let (mut raws, mut read, mut bytes) = (Vec::new(), 0, 0);
    while let Some((first, rest)) = keys.get(read..).and_then(<[_]>::split_first)
        && bytes < STEP_BYTES
    {
        let others = rest.iter().take(READS - 1).take_while(|key| !is_large(key)).count();
        let together = if is_large(first) { 1 } else { 1 + others };
        let wanted = keys.iter().skip(read).take(together).filter_map(|key| BatchRef::parse(key));
        let wanted = wanted.filter(|batch| project.is_none_or(|only| only == batch.project));
        let some = try_join_all(wanted.map(async |batch| {
            let body = store.get(&batch.key(), None).await?;
            let name = BatchName::of(&batch);
            // One that was just taken away is as if it had not been listed.
            Ok::<_, Fault>(body.map(|body| Raw { batch, name, body }))
        }));
        for raw in some.await?.into_iter().flatten() {
            bytes += raw.body.len();
            raws.push(raw);
        }
        read += together;
    }
    Ok((read, raws))
}

/// The events of a batch that count, or what is wrong with it.
pub(super) fn decode(raw: &Raw, formats: Formats) -> Result<Vec<Event<'_>>, String> {
    let Raw { batch, body, .. } = raw;
    let format = formats.of_key(&batch.key());
    let format = format.ok_or("it is in a format that this release does not know")?;
    if !batch.is_of(body, format.extras.counts_again) {
        return Err("its bytes are not those that it is named by".into());
    }
    let events = (format.decode)(body).map_err(|reject| format!("it does not decode: {reject}"))?;
    if events.is_empty() { Err("it has no event that is known".into()) } else { Ok(events) }
}
