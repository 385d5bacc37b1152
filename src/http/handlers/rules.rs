//! Answers by rule, while an agent waits: nothing is kept.

use crate::access::api_keys::Principal;
use crate::access::scope::Scope;
use crate::api;
use crate::error::Error;
use crate::formats::content_type::check_json;
use crate::http::body;
use crate::http::body::Wanted;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::{MAX_ROUTE_BYTES, MAX_VALIDATE_BYTES};
use crate::reply::Reply;

/// Judges an output.
pub(in crate::http) async fn validate<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let (_, bytes) = receive(exchange, MAX_VALIDATE_BYTES).await?;
    Ok(Reply::data(api::validate(&bytes)?))
}

/// Chooses a model for an input.
pub(in crate::http) async fn route_model<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let (who, bytes) = receive(exchange, MAX_ROUTE_BYTES).await?;
    let (db, cache, now) = (exchange.platform.db()?, &exchange.isolate.routing, exchange.started);
    let answer = api::route_model(&who.project, &bytes, now, cache, &db).await?;
    Ok(Reply::json(200, answer))
}

/// Who asks, and the body, which is JSON of at most so many bytes.
async fn receive<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    most: usize,
) -> Result<(Principal, Vec<u8>), Error> {
    let who = exchange.principal(Scope::Ingest).await?;
    // As a read: who asks too often is never kept from sending traces.
    exchange.count(&who, true).await?;
    check_json(exchange.header("content-type").as_deref())?;
    let now = || exchange.platform.now();
    let uploads = &exchange.isolate.uploads;
    let wanted = Wanted { most, zstd: false };
    let received = body::receive(exchange.request, wanted, uploads, &now).await?;
    Ok((who, received.bytes))
}
