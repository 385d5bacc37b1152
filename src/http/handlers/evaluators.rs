//! Evaluators of stored traces, as a project's administrators manage them, and the operator
//! those of any project.

use serde_json::json;

use super::management::answer;
use super::operator::project_of;
use super::pages::view_of;
use super::sign_in::{check_sender, signed_in};
use crate::access::scope::Scope;
use crate::api;
use crate::api::{Asked, Draft, Manage};
use crate::dashboard::evaluators::form::{Action, EvaluatorForm};
use crate::dashboard::evaluators::page;
use crate::dashboard::evaluators::page::Came;
use crate::error::{Error, Reject};
use crate::evaluation::outside::Outside;
use crate::evaluation::trial;
use crate::evaluation::trial::Tried;
use crate::evaluation::verdict::Why;
use crate::http::address::Address;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead};
use crate::index::evaluators::EvaluatorRow;
use crate::limits::MAX_EVALUATOR_BYTES;
use crate::pipeline::evaluations::{
    EvaluationQueue, EvaluationRequest, MAX_TRACES, VERSION, Wanted,
};
use crate::reply::Reply;

/// Longest form that is read: an evaluator whose every byte is written `%22`.
const MAX_FORM_BYTES: usize = 3 * MAX_EVALUATOR_BYTES;

const PAGE: &str = "/evaluators";

/// Manages the evaluators of the key's project.
pub(in crate::http) async fn manage<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    question: &Manage,
) -> Result<Reply, Error> {
    let who = exchange.reader(Scope::Admin).await?;
    answer_evaluators(exchange, &who.project, question).await
}

/// The same for the operator, of a project by its name.
pub(in crate::http) async fn manage_of<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: &Manage,
) -> Result<Reply, Error> {
    let project = project_of(exchange, project).await?;
    answer_evaluators(exchange, &project, question).await
}

async fn answer_evaluators<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: &Manage,
) -> Result<Reply, Error> {
    let run = async |asked: Asked<'_>, platform: &P| {
        api::manage_evaluators(question, asked, platform, &platform.db()?).await
    };
    answer(exchange, project, question, MAX_EVALUATOR_BYTES, run).await
}

/// Has an evaluator of the key's project judge traces that there are.
pub(in crate::http) async fn run<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    id: &str,
) -> Result<Reply, Error> {
    let who = exchange.reader(Scope::Admin).await?;
    queue(exchange, &who.project, id).await
}

/// The same for the operator, of a project by its name.
pub(in crate::http) async fn run_of<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    id: &str,
) -> Result<Reply, Error> {
    let project = project_of(exchange, project).await?;
    queue(exchange, &project, id).await
}

async fn queue<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    id: &str,
) -> Result<Reply, Error> {
    let body = exchange.receive_json(MAX_EVALUATOR_BYTES).await?;
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
) -> Result<Reply, Error> {
    let who = exchange.reader(Scope::Admin).await?;
    let body = exchange.receive_json(MAX_EVALUATOR_BYTES).await?;
    let (project, now) = (&*who.project, exchange.started);
    let asked = Asked { project, query: "", body: &body, now, random: 0 };
    let Draft { row, warnings } = api::draft(asked, exchange.platform)?;
    let tried = tried(exchange, project, &row, &trace_in(&body)?).await?;
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
        Err(Why::Unset(why) | Why::Refused(why) | Why::Failed(why)) => ("error", Some(why)),
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

/// What somebody does on the page of evaluators.
pub(in crate::http) async fn on_page<P: Platform, R: RequestHead + RequestBody>(
    exchange: &mut Exchange<'_, P, R>,
) -> Result<Reply, Error> {
    check_sender(exchange)?;
    let who = match signed_in(exchange, PAGE).await? {
        Ok(who) => who,
        Err(elsewhere) => return Ok(elsewhere),
    };
    who.scopes.check(Scope::Admin)?;
    let body = exchange.receive_form(MAX_FORM_BYTES).await?;
    let (action, form) = EvaluatorForm::read(&body)?;
    let came = match act(exchange, &who.project, action, &form).await {
        Ok(Some(tried)) => Came::Tried(tried),
        Ok(None) => return Ok(Reply::see(PAGE)),
        Err(Error::Reject(reject)) => Came::Refused(reject),
        Err(fault) => return Err(fault),
    };
    let url = exchange.url();
    let at = Address::of(&url);
    let (db, store) = (exchange.platform.db()?, exchange.platform.store()?);
    let view = view_of(exchange, &who, &at, (&db, &store));
    page::after(&view, &form, &came).await
}

/// Does it; what it says of a trace, where it was tried on one.
async fn act<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    project: &str,
    action: Action,
    form: &EvaluatorForm,
) -> Result<Option<Vec<Tried>>, Error> {
    let random = u32::from_le_bytes(exchange.platform.random()?);
    let (now, db) = (exchange.started, exchange.platform.db()?);
    let id = form.id.clone();
    let (question, body) = match action {
        Action::Save if id.is_empty() => (Manage::Create, form.to_json()?),
        Action::Save => (Manage::Update(id), form.to_json()?),
        Action::Enable => (Manage::Update(id), json!({ "enabled": true }).to_string()),
        Action::Disable => (Manage::Update(id), json!({ "enabled": false }).to_string()),
        Action::Delete => (Manage::Delete(id), String::new()),
        Action::Try => {
            let body = form.to_json()?;
            let asked = Asked { project, query: "", body: body.as_bytes(), now, random };
            let row = if id.is_empty() {
                api::draft(asked, exchange.platform)?.row
            } else {
                api::changed(&id, asked, exchange.platform, &db).await?
            };
            return tried(exchange, project, &row, &form.trace).await.map(Some);
        }
    };
    let asked = Asked { project, query: "", body: body.as_bytes(), now, random };
    api::manage_evaluators(&question, asked, exchange.platform, &db).await?;
    Ok(None)
}

async fn tried<P: Platform, R: RequestHead>(
    exchange: &Exchange<'_, P, R>,
    project: &str,
    row: &EvaluatorRow,
    trace: &str,
) -> Result<Vec<Tried>, Error> {
    let (db, store) = (exchange.platform.db()?, exchange.platform.store()?);
    let outbound = exchange.platform.outbound();
    let caller = Outside { outbound: &outbound, operator: exchange.platform };
    let source = exchange.source(&store);
    let tried = trial::try_on(project, row, trace, &db, &source, &caller).await?;
    tried.ok_or_else(|| Reject::NotFound(api::NO_TRACE.into()).into())
}
