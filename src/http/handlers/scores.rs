//! The deletion of a score.

use std::slice;

use serde_json::json;

use crate::access::scope::Scope;
use crate::api;
use crate::batch::{BatchRef, RawStore};
use crate::error::Error;
use crate::formats::decoded::Kept;
use crate::formats::scores::{DELETION, deletion_of};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestHead, Witness};
use crate::model::Handling;
use crate::pipeline::consume::{Delivery, consume};
use crate::pipeline::ingest::{Ingested, Preference, Upload, ingest};
use crate::pipeline::queue::Message;
use crate::reply::Reply;

/// Deletes a score. That is an event, kept in R2 like what it deletes: so a replay of
/// everything ends without the score. It is written at once, so that whoever asks again is
/// told that there is none; should that fail, the queue has the message too.
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
    let (db, store, queue) =
        (exchange.platform.db()?, exchange.platform.store()?, exchange.platform.queue()?);
    api::get_score(&who.project, id, &db).await?;
    let body = deletion_of(id);
    let raw = store.body_of(&body);
    let received = exchange.platform.now();
    let preference = Preference { project: Handling::Strict, request: None };
    let (project, format) = (&*who.project, &DELETION);
    let upload = Upload { project, format, preference, received, random: None };
    let Ingested { receipt, .. } = ingest(upload, &body, &raw, &store, &queue).await?;
    if let Some(Kept { batch, received }) = receipt.kept {
        let (project, ending) = (project.to_owned(), format.ending.to_owned());
        let batch = BatchRef { project, id: batch, received, ending };
        let delivery = Delivery { message: Message::of(&batch), attempt: 1 };
        let (now, formats) = (|| exchange.platform.now(), exchange.formats);
        for outcome in consume(slice::from_ref(&delivery), &now, formats, &store, &db).await {
            exchange.platform.witness().settled(&delivery.message.key, &outcome);
        }
    }
    Ok(Reply::data(json!({ "id": id, "deleted": true }).to_string()))
}
