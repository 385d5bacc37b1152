//! One request, from what it says to what it is answered, over the ports: routing, the
//! handler, and what becomes of a failure. It never fails: whatever goes wrong is a reply.

use super::address::Address;
use super::exchange::{Exchange, Noted};
use super::handlers::reading::Question;
use super::handlers::{
    alerts, compat, evaluators, health, ingest, management, mcp, operator, pages, prices, rating,
    reading, rules, scores, settings, share, sign_in,
};
use super::headers;
use super::platform::{Isolate, Platform, RequestBody, RequestHead, Services, Witness};
use super::route::Route;
use super::router;
use super::router::Found;
use super::routes::Audience;
use crate::access::local_only;
use crate::access::local_only::Target;
use crate::batch::RawStore;
use crate::error::Error;
use crate::formats::Formats;
use crate::index::Database;
use crate::mcp::refused;
use crate::reply::Reply;
use crate::telemetry::data_points;
use crate::telemetry::rejection_counts::Reason;

/// A request that was answered.
#[derive(Debug)]
pub struct Served {
    /// The answer.
    pub reply: Reply,
    /// What the route is called in logs.
    pub route: &'static str,
    /// What else logs want to know.
    pub noted: Noted,
    /// What went wrong.
    pub error: Option<Error>,
}

/// Answers a request, whose id is for its log and its failures.
pub async fn serve<P, R>(
    request: &mut R,
    id: &str,
    platform: &P,
    isolate: &Isolate,
    formats: Formats,
) -> Served
where
    P: Platform,
    R: RequestHead + RequestBody,
    R::Held: AsRef<<<P as Services>::Store as RawStore>::Body>,
{
    let (url, started) = (request.url().into(), platform.now());
    let noted = Noted::default();
    let mut exchange = Exchange { request, platform, isolate, formats, url, started, noted };
    let found = find(&exchange);
    let result = match &found {
        Ok(Found { route, .. }) => answer(&mut exchange, route.clone()).await,
        Err(error) => Err(error.clone()),
    };
    let found = found.ok();
    let (reply, error) = match result {
        Ok(reply) => (reply, exchange.noted.failed.take()),
        Err(error) => (fail(&exchange, found.as_ref(), &error, id), Some(error)),
    };
    let of_agents = router::is_mcp(Address::of(&exchange.url).path);
    let reply = if of_agents { mcp::for_origin(&exchange, reply) } else { reply };
    count(&exchange, error.as_ref());
    let route = found.map_or("none", |found| found.name);
    Served { reply, route, noted: exchange.noted, error }
}

/// What the request is for, if it may be asked here at all.
fn find<P: Platform, R: RequestHead>(exchange: &Exchange<'_, P, R>) -> Result<Found, Error> {
    if exchange.platform.is_local() {
        let (host, origin) = (exchange.header("host"), exchange.header("origin"));
        local_only::check(Target {
            url: &exchange.url,
            host: host.as_deref(),
            origin: origin.as_deref(),
        })?;
    }
    let path = Address::of(&exchange.url).path;
    Ok(router::find(&exchange.request.method(), path, exchange.formats)?)
}

async fn answer<P, R>(exchange: &mut Exchange<'_, P, R>, route: Route) -> Result<Reply, Error>
where
    P: Platform,
    R: RequestHead + RequestBody,
    R::Held: AsRef<<<P as Services>::Store as RawStore>::Body>,
{
    let question = match route {
        Route::Preflight => return Ok(headers::preflight()),
        Route::Health => return Ok(reading::health()),
        Route::Mcp => return mcp::answer(exchange).await,
        Route::McpPreflight => return mcp::preflight(exchange),
        Route::AdminHealth => return health::show(exchange).await,
        Route::Ingest(at) => return ingest::accept(exchange, at).await,
        Route::Answer(path) => return Ok(exchange.formats.answer(path)?),
        Route::Validate => return rules::validate(exchange).await,
        Route::RouteModel => return rules::route_model(exchange).await,
        Route::Replay => return operator::replay(exchange).await,
        Route::Verify => return operator::verify(exchange).await,
        Route::VerifyRows => return operator::verify_rows(exchange).await,
        Route::UsageOfAll => return operator::usage(exchange, false).await,
        Route::UsageHistoryOfAll => return operator::usage(exchange, true).await,
        Route::Forget => return operator::forget(exchange).await,
        Route::Manage(command) => return operator::manage(exchange, &command).await,
        Route::Keys(command) => return management::keys(exchange, command).await,
        Route::Evaluators(question) => return evaluators::manage(exchange, &question).await,
        Route::EvaluatorsOf(project, question) => {
            return evaluators::manage_of(exchange, &project, &question).await;
        }
        Route::RunEvaluator(id) => return evaluators::run(exchange, &id).await,
        Route::RunEvaluatorOf(project, id) => {
            return evaluators::run_of(exchange, &project, &id).await;
        }
        Route::PostEvaluators => return evaluators::on_page(exchange).await,
        Route::TryEvaluator => return evaluators::try_on(exchange).await,
        Route::Routing(question) => return management::routing(exchange, &question).await,
        Route::RoutingOf(project, question) => {
            return management::routing_of(exchange, &project, &question).await;
        }
        Route::Alerts(question) => return alerts::manage_alerts(exchange, None, &question).await,
        Route::AlertsOf(project, question) => {
            return alerts::manage_alerts(exchange, Some(&project), &question).await;
        }
        Route::TryAlert(id) => return alerts::try_alert(exchange, None, &id).await,
        Route::TryAlertOf(project, id) => {
            return alerts::try_alert(exchange, Some(&project), &id).await;
        }
        Route::Budgets(question) => return alerts::manage_budgets(exchange, None, &question).await,
        Route::BudgetsOf(project, question) => {
            return alerts::manage_budgets(exchange, Some(&project), &question).await;
        }
        Route::Budget => return alerts::left(exchange).await,
        Route::Prices(command) => return prices::of_key(exchange, command).await,
        Route::ProjectPrices(name, command) => {
            return prices::of_project(exchange, &name, command).await;
        }
        Route::ListTracesOf(name) => {
            return reading::answer_operator(exchange, &name, Question::List).await;
        }
        Route::GetTraceOf(name, id) => {
            return reading::answer_operator(exchange, &name, Question::Trace(id)).await;
        }
        Route::SignIn => return sign_in::form(exchange).await,
        Route::PostSignIn => return sign_in::sign_in(exchange).await,
        Route::SignOut => return sign_in::sign_out(exchange),
        Route::Compat(question) => return compat::answer(exchange, question).await,
        Route::Rate(trace, span) => return rating::rate(exchange, &trace, span.as_deref()).await,
        Route::MakeShare(trace) => return share::make(exchange, &trace).await,
        Route::RevokeShare(id) => return share::revoke(exchange, &id).await,
        Route::OpenShare(token) => return share::open(exchange, &token).await,
        Route::Settings(command) => return settings::answer(exchange, command).await,
        Route::Page(page) => return pages::show(exchange, &page).await,
        Route::DeleteScore(id) => return scores::delete(exchange, &id).await,
        Route::ListScores => Question::Scores,
        Route::GetScore(id) => Question::Score(id),
        Route::DeadLetters => Question::DeadLetters,
        Route::Stats => Question::Stats,
        Route::Usage => Question::Usage,
        Route::UsageHistory => Question::UsageHistory,
        Route::ListTraces => Question::List,
        Route::GetTrace(id) => Question::Trace(id),
        Route::GetSpan(trace, span) => Question::Span(trace, span),
    };
    reading::answer(exchange, question).await
}

/// The reply to a failure: to agents by their protocol, whatever they ask; a page for whoever
/// is better served with one than with JSON; for senders of batches as their format has it.
fn fail<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    found: Option<&Found>,
    error: &Error,
    id: &str,
) -> Reply {
    let path = Address::of(&exchange.url).path;
    if router::is_mcp(path) {
        return refused(error, id);
    }
    let accepts = || {
        let wanted = exchange.header("accept");
        !router::is_api(path) && wanted.is_some_and(|accept| accept.contains("text/html"))
    };
    let page = found.map_or_else(accepts, |found| found.audience == Audience::Person);
    if page {
        return pages::failure(error, exchange.noted.project_name.as_deref(), id);
    }
    let rejected = exchange.noted.format.map_or(Reply::error as _, |format| format.rejected);
    rejected(error, id)
}

/// Counts what the request came to, and hands counts on when it is time.
fn count<P: Platform, R: RequestHead>(exchange: &Exchange<'_, P, R>, error: Option<&Error>) {
    let Noted { project, events, bytes, .. } = &exchange.noted;
    let project = project.as_deref();
    exchange.platform.witness().record(match (error, project, events, bytes) {
        (Some(error), ..) => data_points::rejected(project, error),
        (None, Some(project), Some(events), Some(bytes)) => {
            Some(data_points::accepted(project, *events, *bytes))
        }
        _ => None,
    });
    let reason = match error {
        Some(Error::Reject(reject)) => Reason::of(reject),
        _ => None,
    };
    let mut rejections = exchange.isolate.rejections.borrow_mut();
    if let (Some(reason), Some(project)) = (reason, project) {
        rejections.add(project, reason);
    }
    let due = rejections.due(exchange.started);
    if let (false, Ok(db)) = (due.is_empty(), exchange.platform.db()) {
        // Counts that cannot be handed on are lost: they are close, not exact.
        exchange.platform.run_later(async move { drop(db.run(due).await) });
    }
}
