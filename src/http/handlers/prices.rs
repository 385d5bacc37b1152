//! A project's own prices: asked for by whoever has one of its keys, or by the operator.

use crate::access::scope::Scope;
use crate::api;
use crate::api::PriceCommand;
use crate::error::Error;
use crate::http::exchange::Exchange;
use crate::http::handlers::operator::project_of;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::MAX_PRICE_BYTES;
use crate::reply::Reply;

/// Lists, sets or removes prices of the key's project.
pub(in crate::http) async fn of_key<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    command: PriceCommand,
) -> Result<Reply, Error> {
    let scope = if command == PriceCommand::List { Scope::Read } else { Scope::Admin };
    let who = exchange.reader(scope).await?;
    run(exchange, &who.project, command).await
}

/// The same of a project by its name, for the operator.
pub(in crate::http) async fn of_project<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    name: &str,
    command: PriceCommand,
) -> Result<Reply, Error> {
    let project = project_of(exchange, name).await?;
    run(exchange, &project, command).await
}

async fn run<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    command: PriceCommand,
) -> Result<Reply, Error> {
    let takes_body = command == PriceCommand::Set;
    let body = if takes_body { exchange.receive_json(MAX_PRICE_BYTES).await? } else { Vec::new() };
    let (db, query) = (exchange.platform.db()?, exchange.query());
    Ok(Reply::data(api::prices(project, command, (&query, &body), exchange.started, &db).await?))
}
