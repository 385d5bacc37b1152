//! Answers by rule, while an agent waits: nothing is kept.

use crate::access::scope::Scope;
use crate::api;
use crate::error::Error;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::{MAX_ROUTE_BYTES, MAX_VALIDATE_BYTES};
use crate::reply::Reply;

/// Judges an output.
pub(in crate::http) async fn validate<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    exchange.reader(Scope::Ingest).await?;
    let bytes = exchange.receive_json(MAX_VALIDATE_BYTES).await?;
    Ok(Reply::data(api::validate(&bytes)?))
}

/// Chooses a model for an input.
pub(in crate::http) async fn route_model<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let who = exchange.reader(Scope::Ingest).await?;
    let bytes = exchange.receive_json(MAX_ROUTE_BYTES).await?;
    let (db, cache, now) = (exchange.platform.db()?, &exchange.isolate.routing, exchange.started);
    let answer = api::route_model(&who.project, &bytes, now, cache, &db).await?;
    Ok(Reply::json(200, answer))
}
