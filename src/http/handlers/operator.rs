//! What only the operator may do: everything here needs the secret `ADMIN_TOKEN`, and
//! without that secret nobody may do it.

use crate::access::api_keys;
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
    let request: ReplayRequest = read_json(exchange, "a replay").await?;
    let (store, queue) = (exchange.platform.store()?, exchange.platform.queue()?);
    let replayed = replay::replay(&request, &store, &queue).await?;
    Ok(Reply::data(api::to_json(&replayed)?))
}

/// What the operator sends.
async fn read_json<P: Platform, R: RequestHead + RequestBody, T: serde::de::DeserializeOwned>(
    exchange: &mut Exchange<'_, P, R>,
    what: &str,
) -> Result<T, Error> {
    let secret = exchange.platform.operator_secret();
    api_keys::check_operator(exchange.header("authorization").as_deref(), &secret)?;
    check_json(exchange.header("content-type").as_deref())?;
    let now = || exchange.platform.now();
    let uploads = &exchange.isolate.uploads;
    let received = body::receive(exchange.request, MAX_BODY_BYTES, uploads, &now).await?;
    serde_json::from_slice(&received.bytes)
        .map_err(|e| Reject::invalid("body", format!("expected {what}: {e}")).into())
}
