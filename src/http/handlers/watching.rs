//! What watches a project's numbers, as its administrators manage it, and the operator that of
//! any project by its name: alerts and budgets. And what is left of budgets, for agents.

use super::operator::{check_operator, receive_json};
use crate::access::scope::Scope;
use crate::admin;
use crate::alerts::rule::{Allowed, HOSTS};
use crate::api;
use crate::api::{Asked, Manage};
use crate::error::{Error, Reject};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::MAX_PRICE_BYTES;
use crate::reply::Reply;

/// The project that is asked about, and its name: of an operator's request that which it names,
/// else the key's.
async fn project_of<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    scope: Scope,
) -> Result<(String, String), Error> {
    if let Some(name) = named {
        check_operator(exchange)?;
        return Ok((admin::project_id(name, &exchange.platform.db()?).await?, name.to_owned()));
    }
    let who = exchange.principal(scope).await?;
    exchange.count(&who, true).await?;
    Ok((who.project, who.project_name))
}

fn allowed(platform: &impl Platform) -> Allowed {
    let hosts = platform.setting(HOSTS).unwrap_or_default();
    Allowed { hosts, is_local: platform.is_local() }
}

/// What comes with a question: the project, the body, and what nobody can guess.
async fn receive<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    question: &Manage,
) -> Result<(String, Vec<u8>, u32), Error> {
    let reads = matches!(question, Manage::List | Manage::Get(_));
    let scope = if reads { Scope::Read } else { Scope::Admin };
    let (project, _) = project_of(exchange, named, scope).await?;
    let takes_body = question.takes_body();
    let body = if takes_body { receive_json(exchange, MAX_PRICE_BYTES).await? } else { Vec::new() };
    Ok((project, body, u32::from_le_bytes(exchange.platform.random()?)))
}

fn reply(question: &Manage, data: String) -> Reply {
    if question.creates() { Reply::created(data) } else { Reply::data(data) }
}

/// Manages alerts.
pub(in crate::http) async fn alerts<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    question: &Manage,
) -> Result<Reply, Error> {
    let (project, body, random) = receive(exchange, named, question).await?;
    let (db, now) = (exchange.platform.db()?, exchange.started);
    let asked = Asked { project: &project, query: "", body: &body, now, random };
    let allowed = allowed(exchange.platform);
    Ok(reply(question, api::manage_alerts(question, asked, &allowed, &db).await?))
}

/// Sends an alert for a try.
pub(in crate::http) async fn try_alert<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    id: &str,
) -> Result<Reply, Error> {
    let (project, name) = project_of(exchange, named, Scope::Admin).await?;
    let platform = exchange.platform;
    let (db, outbound) = (platform.db()?, platform.outbound());
    let tried = api::try_alert(id, (&project, &name), &allowed(platform), &db, &outbound).await?;
    Ok(Reply::data(tried))
}

/// Manages budgets.
pub(in crate::http) async fn budgets<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    question: &Manage,
) -> Result<Reply, Error> {
    let (project, body, random) = receive(exchange, named, question).await?;
    let (db, now) = (exchange.platform.db()?, exchange.started);
    let asked = Asked { project: &project, query: "", body: &body, now, random };
    Ok(reply(question, api::manage_budgets(question, asked, &db).await?))
}

/// Says what is left of the budgets that whoever asks names, and of the project's.
pub(in crate::http) async fn left<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    // Agents have a key to send with, people one to read with.
    let who = match exchange.principal(Scope::Ingest).await {
        Err(Error::Reject(Reject::Forbidden(_))) => exchange.principal(Scope::Read).await?,
        who => who?,
    };
    exchange.count(&who, true).await?;
    let (db, query) = (exchange.platform.db()?, exchange.query());
    Ok(Reply::data(api::budgets_left(&who.project, &query, exchange.started, &db).await?))
}
