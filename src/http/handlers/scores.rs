//! The deletion of a score, and what else is kept that no client has sent as a batch.

use std::slice;

use serde_json::json;

use crate::access::scope::Scope;
use crate::api::find_score;
use crate::batch::{BatchRef, RawStore};
use crate::error::Error;
use crate::formats::decoded::Kept;
use crate::formats::scores::rating::{RATING, Rating};
use crate::formats::scores::{DELETION, deletion_of};
use crate::formats::wire_format::WireFormat;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestHead, Witness};
use crate::index::scores::HUMAN;
use crate::model::Handling;
use crate::pipeline::consume::{Delivery, consume};
use crate::pipeline::ingest::{Ingested, Preference, Upload, ingest};
use crate::pipeline::queue::Message;
use crate::reply::Reply;

/// Deletes a score. That is an event, kept in R2 like what it deletes: so a replay of
/// everything ends without the score. A rating is taken back, as its maker may do, and may
/// be made again.
pub(in crate::http) async fn delete<P, R>(
    exchange: &mut Exchange<'_, P, R>,
    id: &str,
) -> Result<Reply, Error>
where
    P: Platform,
    R: RequestHead,
{
    let who = exchange.principal(Scope::Ingest).await?;
    exchange.count(&who, false).await?;
    let score = find_score(&who.project, id, &exchange.platform.db()?).await?;
    if score.source() == HUMAN {
        let now = exchange.platform.now().saturating_mul(1_000);
        let taken_back = Rating {
            id: id.into(),
            at: now.max(score.at_us.saturating_add(1)),
            trace_id: score.trace.as_deref().unwrap_or_default().into(),
            span_id: score.span.as_deref().map(Into::into),
            by: (&*who.key_id).into(),
            good: None,
            note: None,
            taken_back: true,
        };
        keep_at_once(exchange, &who.project, &RATING, &taken_back.to_body()).await?;
    } else {
        keep_at_once(exchange, &who.project, &DELETION, &deletion_of(id)).await?;
    }
    Ok(Reply::data(json!({ "id": id, "deleted": true }).to_string()))
}

/// Keeps a batch as what is sent is kept, and writes it at once, so that whoever asks next
/// is told what it says; should that fail, the queue has the message too.
pub(super) async fn keep_at_once<P, R>(
    exchange: &Exchange<'_, P, R>,
    project: &str,
    format: &'static WireFormat,
    body: &[u8],
) -> Result<(), Error>
where
    P: Platform,
    R: RequestHead,
{
    let (db, store, queue) =
        (exchange.platform.db()?, exchange.platform.store()?, exchange.platform.queue()?);
    let raw = store.body_of(body);
    let received = exchange.platform.now();
    let preference = Preference { project: Handling::Strict, request: None };
    let upload = Upload { project, format, preference, received, random: None };
    let Ingested { receipt, .. } = ingest(upload, body, &raw, &store, &queue).await?;
    if let Some(Kept { batch, received }) = receipt.kept {
        let (project, ending) = (project.to_owned(), format.ending.to_owned());
        let batch = BatchRef { project, id: batch, received, ending };
        let delivery = Delivery { message: Message::of(&batch), attempt: 1 };
        let (now, formats) = (|| exchange.platform.now(), exchange.formats);
        for outcome in consume(slice::from_ref(&delivery), &now, formats, &store, &db).await {
            exchange.platform.witness().settled(&delivery.message.key, &outcome);
        }
    }
    Ok(())
}
