//! What only the operator may do: everything here needs the secret `ADMIN_TOKEN`, and
//! without that secret nobody may do it.

use serde::de::DeserializeOwned;

use crate::access::api_keys;
use crate::admin;
use crate::admin::Command;
use crate::api;
use crate::api::Of;
use crate::error::{Error, Reject};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::MAX_BODY_BYTES;
use crate::pipeline::replay;
use crate::pipeline::verify::{forget, raw_batches, rows};
use crate::reply::Reply;

/// Does one step of a replay.
pub(in crate::http) async fn replay<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let request = receive(exchange, "a replay").await?;
    let (store, queue) = (exchange.platform.store()?, exchange.platform.queue()?);
    let replayed = replay::replay(&request, &store, &queue).await?;
    Ok(Reply::data(api::to_json(&replayed)?))
}

/// Compares some raw batches with the index.
pub(in crate::http) async fn verify<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let request = receive(exchange, "a step of a verification").await?;
    let platform = exchange.platform;
    let (store, db, queue) = (platform.store()?, platform.db()?, platform.queue()?);
    let (now, formats) = (exchange.started, exchange.formats);
    let verified = raw_batches::verify(&request, now, formats, &store, &db, &queue).await?;
    Ok(Reply::data(api::to_json(&verified)?))
}

/// Goes along some rows of the index.
pub(in crate::http) async fn verify_rows<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let request = receive(exchange, "a step along the rows").await?;
    let walked = rows::walk(&request, &exchange.platform.db()?).await?;
    Ok(Reply::data(api::to_json(&walked)?))
}

/// Forgets traces that are wrong.
pub(in crate::http) async fn forget<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    let request = receive(exchange, "what to forget").await?;
    let forgotten = forget::forget(&request, exchange.started, &exchange.platform.db()?).await?;
    Ok(Reply::data(api::to_json(&forgotten)?))
}

/// What all projects used, in a month or in several.
pub(in crate::http) async fn usage<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    history: bool,
) -> Result<Reply, Error> {
    check_operator(exchange)?;
    let (db, query, now) = (exchange.platform.db()?, exchange.query(), exchange.started);
    Ok(Reply::data(if history {
        api::usage_history(Of::All, &query, now, &db).await?
    } else {
        api::usage(Of::All, &query, now, &db).await?
    }))
}

/// What the operator asks for, once it is the operator who asks.
async fn receive<T: DeserializeOwned, P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    what: &str,
) -> Result<T, Error> {
    check_operator(exchange)?;
    let body = exchange.receive_json(MAX_BODY_BYTES).await?;
    let expected = |e| Reject::invalid("body", format!("expected {what}: {e}"));
    Ok(serde_json::from_slice(&body).map_err(expected)?)
}

/// Manages projects and keys.
pub(in crate::http) async fn manage<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    command: &Command,
) -> Result<Reply, Error> {
    check_operator(exchange)?;
    let body = if command.takes_body() {
        exchange.receive_json(MAX_BODY_BYTES).await?
    } else {
        Vec::new()
    };
    let (db, random) = (exchange.platform.db()?, exchange.platform.random()?);
    let data = admin::run(command, &body, &random, exchange.started, &db).await?;
    Ok(if command.creates() { Reply::created(data) } else { Reply::data(data) })
}

/// Whether it is the operator who asks.
pub(in crate::http) fn check_operator<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
) -> Result<(), Reject> {
    let secret = exchange.platform.operator_secret();
    api_keys::check_operator(exchange.header("authorization").as_deref(), &secret)
}

/// A project by its name, for the operator.
pub(in crate::http) async fn project_of<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    name: &str,
) -> Result<String, Error> {
    check_operator(exchange)?;
    admin::project_id(name, &exchange.platform.db()?).await
}
