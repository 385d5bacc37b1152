//! Evaluators of stored traces, as a project's administrators manage them, and the operator
//! those of any project.

use serde_json::json;

use super::management::administrator;
use super::operator::{check_operator, receive_json};
use crate::admin;
use crate::api;
use crate::api::{Asked, Draft, Manage};
use crate::error::{Error, Reject};
use crate::evaluation::outside::Outside;
use crate::evaluation::trial;
use crate::evaluation::trial::Tried;
use crate::evaluation::verdict::Why;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead, Services};
use crate::limits::MAX_EVALUATOR_BYTES;
use crate::pipeline::evaluations::{
    EvaluationQueue, EvaluationRequest, MAX_TRACES, VERSION, Wanted,
};
use crate::reply::Reply;

/// Manages the evaluators of the key's project.
pub(in crate::http) async fn manage<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    question: &Manage,
) -> Result<Reply, Error> {
    let who = administrator(exchange).await?;
    answer(exchange, &who.project, question).await
}

/// The same for the operator, of a project by its name.
pub(in crate::http) async fn manage_of<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: &Manage,
) -> Result<Reply, Error> {
    let project = of_operator(exchange, project).await?;
    answer(exchange, &project, question).await
}

async fn of_operator<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    project: &str,
) -> Result<String, Error> {
    check_operator(exchange)?;
    admin::project_id(project, &exchange.platform.db()?).await
}

async fn answer<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: &Manage,
) -> Result<Reply, Error> {
    let body = if question.takes_body() {
        receive_json(exchange, MAX_EVALUATOR_BYTES).await?
    } else {
        Vec::new()
    };
    let random = u32::from_le_bytes(exchange.platform.random()?);
    let (query, now, db) = (exchange.query(), exchange.started, exchange.platform.db()?);
    let asked = Asked { project, query: &query, body: &body, now, random };
    let data = api::manage_evaluators(question, asked, exchange.platform, &db).await?;
    Ok(if question.creates() { Reply::created(data) } else { Reply::data(data) })
}

/// Has an evaluator of the key's project judge traces that there are.
pub(in crate::http) async fn run<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    id: &str,
) -> Result<Reply, Error> {
    let who = administrator(exchange).await?;
    queue(exchange, &who.project, id).await
}

/// The same for the operator, of a project by its name.
pub(in crate::http) async fn run_of<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    id: &str,
) -> Result<Reply, Error> {
    let project = of_operator(exchange, project).await?;
    queue(exchange, &project, id).await
}

async fn queue<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    id: &str,
) -> Result<Reply, Error> {
    let body = receive_json(exchange, MAX_EVALUATOR_BYTES).await?;
    let traces = traces_in(&body)?;
    let evaluator = api::find_evaluator(project, id, &exchange.platform.db()?).await?;
    let queued = traces.len();
    let request = EvaluationRequest {
        v: VERSION,
        project: project.into(),
        as_of_ms: exchange.platform.now(),
        traces: traces.into_iter().map(|id| Wanted(id, None)).collect(),
        evaluators: Some(vec![evaluator.id]),
    };
    exchange.platform.evaluations()?.send(&request, 0).await?;
    Ok(Reply { status: 202, ..Reply::data(json!({ "queued": queued }).to_string()) })
}

/// The traces that a body names, each once.
fn traces_in(body: &[u8]) -> Result<Vec<String>, Reject> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Run {
        trace_ids: Vec<String>,
    }
    let expected = || format!("expected 1 to {MAX_TRACES} ids of traces");
    let run: Run =
        serde_json::from_slice(body).map_err(|_| Reject::invalid("traceIds", expected()))?;
    let mut traces = run.trace_ids;
    traces.sort_unstable();
    traces.dedup();
    let good = (1..=MAX_TRACES).contains(&traces.len()) && traces.iter().all(|id| !id.is_empty());
    if good { Ok(traces) } else { Err(Reject::invalid("traceIds", expected())) }
}

/// Tries an evaluator that is not stored on a trace, and says what it says.
pub(in crate::http) async fn try_on<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error>
where
    <P as Services>::Store: crate::batch::RawStore,
{
    let who = administrator(exchange).await?;
    let body = receive_json(exchange, MAX_EVALUATOR_BYTES).await?;
    let (db, store, now) = (exchange.platform.db()?, exchange.platform.store()?, exchange.started);
    let project = &*who.project;
    let asked = Asked { project, query: "", body: &body, now, random: 0 };
    let Draft { row, warnings } = api::draft(asked, exchange.platform)?;
    let trace = trace_in(&body)?;
    let outbound = exchange.platform.outbound();
    let caller = Outside { outbound: &outbound, operator: exchange.platform };
    let source = exchange.source(&store);
    let tried = trial::try_on(project, &row, &trace, &db, &source, &caller).await?;
    let tried = tried.ok_or_else(|| Reject::NotFound(api::NO_TRACE.into()))?;
    let results: Vec<_> = tried.iter().map(shown).collect();
    Ok(Reply::data(json!({ "results": results, "warnings": warnings }).to_string()))
}

fn trace_in(body: &[u8]) -> Result<String, Reject> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Trial {
        trace_id: String,
    }
    let trial: Result<Trial, _> = serde_json::from_slice(body);
    Ok(trial.map_err(|_| Reject::invalid("traceId", "expected the id of a trace"))?.trace_id)
}

fn shown(Tried { span, said }: &Tried) -> serde_json::Value {
    let (status, message) = match said {
        Ok(_) => ("ok", None),
        Err(Why::Skipped(why) | Why::NotNow(why)) => ("skipped", Some(why)),
        Err(Why::Refused(why) | Why::Failed(why)) => ("error", Some(why)),
    };
    let verdict = said.as_ref().ok();
    json!({
        "spanId": span,
        "status": status,
        "value": verdict.map(|verdict| verdict.value),
        "label": verdict.and_then(|verdict| verdict.label.as_ref()),
        "reasoning": verdict.and_then(|verdict| verdict.reasoning.as_ref()),
        "message": message,
    })
}
