//! What only the operator may do: everything here needs the secret `ADMIN_TOKEN`, and
//! without that secret nobody may do it.

use crate::access::api_keys;
use crate::admin;
use crate::admin::Command;
use crate::api;
use crate::error::{Error, Reject};
use crate::formats::content_type::check_json;
use crate::http::body;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::MAX_BODY_BYTES;
use crate::pipeline::replay;
use crate::pipeline::replay::ReplayRequest;
use crate::reply::Reply;

/// Does one step of a replay.
pub(in crate::http) async fn replay<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    check_operator(exchange)?;
    let body = receive_json(exchange).await?;
    let expected = |e| Reject::invalid("body", format!("expected a replay: {e}"));
    let request: ReplayRequest = serde_json::from_slice(&body).map_err(expected)?;
    let (store, queue) = (exchange.platform.store()?, exchange.platform.queue()?);
    let replayed = replay::replay(&request, &store, &queue).await?;
    Ok(Reply::data(api::to_json(&replayed)?))
}

/// Manages projects and keys.
pub(in crate::http) async fn manage<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    command: &Command,
) -> Result<Reply, Error> {
    check_operator(exchange)?;
    let body = if command.takes_body() { receive_json(exchange).await? } else { Vec::new() };
    let (db, random) = (exchange.platform.db()?, exchange.platform.random()?);
    let data = admin::run(command, &body, &random, exchange.started, &db).await?;
    Ok(if command.creates() { Reply::created(data) } else { Reply::data(data) })
}

/// Whether it is the operator who asks.
fn check_operator<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
) -> Result<(), Reject> {
    let secret = exchange.platform.operator_secret();
    api_keys::check_operator(exchange.header("authorization").as_deref(), &secret)
}

/// The bytes of a body that is said to be JSON.
async fn receive_json<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Vec<u8>, Error> {
    check_json(exchange.header("content-type").as_deref())?;
    let now = || exchange.platform.now();
    let uploads = &exchange.isolate.uploads;
    Ok(body::receive(exchange.request, MAX_BODY_BYTES, uploads, &now).await?.bytes)
}
