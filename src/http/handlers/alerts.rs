//! Alerts and budgets: as a project's administrators manage them, as the operator manages
//! those of any project by its name; and what is left of budgets, for agents.

use super::management::answer;
use super::operator::project_of;
use crate::access::scope::Scope;
use crate::alerts::rule::{Allowed, HOSTS};
use crate::api;
use crate::api::{Asked, Manage};
use crate::error::{Error, Reject};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::limits::MAX_PRICE_BYTES;
use crate::reply::Reply;

/// The project that is asked about: of an operator's request that which it names, else the key's.
async fn find_project<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    scope: Scope,
) -> Result<(String, String), Error> {
    if let Some(name) = named {
        return Ok((project_of(exchange, name).await?, name.to_owned()));
    }
    let who = exchange.reader(scope).await?;
    Ok((who.project, who.project_name))
}

/// The same for a question.
async fn find_managed<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    question: &Manage,
) -> Result<String, Error> {
    let reads = matches!(question, Manage::List | Manage::Get(_));
    let scope = if reads { Scope::Read } else { Scope::Admin };
    Ok(find_project(exchange, named, scope).await?.0)
}

fn allowed(platform: &impl Platform) -> Allowed {
    let hosts = platform.setting(HOSTS).unwrap_or_default();
    Allowed { hosts, is_local: platform.is_local() }
}

/// Manages alerts.
pub(in crate::http) async fn manage_alerts<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    question: &Manage,
) -> Result<Reply, Error> {
    let project = find_managed(exchange, named, question).await?;
    let run = async |asked: Asked<'_>, platform: &P| {
        api::manage_alerts(question, asked, &allowed(platform), &platform.db()?).await
    };
    answer(exchange, &project, question, MAX_PRICE_BYTES, run).await
}

/// Sends an alert for a try.
pub(in crate::http) async fn try_alert<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    id: &str,
) -> Result<Reply, Error> {
    let (project, name) = find_project(exchange, named, Scope::Admin).await?;
    let platform = exchange.platform;
    let (db, outbound) = (platform.db()?, platform.outbound());
    let tried = api::try_alert(id, (&project, &name), &allowed(platform), &db, &outbound).await?;
    Ok(Reply::data(tried))
}

/// Manages budgets.
pub(in crate::http) async fn manage_budgets<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    named: Option<&str>,
    question: &Manage,
) -> Result<Reply, Error> {
    let project = find_managed(exchange, named, question).await?;
    let run = async |asked: Asked<'_>, platform: &P| {
        api::manage_budgets(question, asked, &platform.db()?).await
    };
    answer(exchange, &project, question, MAX_PRICE_BYTES, run).await
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
