//! Answers by rule, while an agent waits: nothing is kept.

use crate::api;
use crate::error::Error;
use crate::formats::content_type::check_json;
use crate::http::body;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::MAX_VALIDATE_BYTES;
use crate::reply::Reply;

/// Judges an output.
pub(in crate::http) async fn validate<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let who = exchange.principal().await?;
    // As a read: who asks too often is never kept from sending traces.
    exchange.count(&who, true).await?;
    check_json(exchange.header("content-type").as_deref())?;
    let now = || exchange.platform.now();
    let uploads = &exchange.isolate.uploads;
    let received = body::receive(exchange.request, MAX_VALIDATE_BYTES, uploads, &now).await?;
    Ok(Reply::data(api::validate(&received.bytes)?))
}
