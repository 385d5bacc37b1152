//! Questions of clients: lists, traces, spans, scores, counts.

use serde_json::json;

use crate::access::api_keys::Principal;
use crate::access::scope::Scope;
use crate::api;
use crate::api::Of;
use crate::error::Error;
use crate::http::exchange::Exchange;
use crate::http::handlers::operator::project_of;
use crate::http::platform::{Platform, RequestHead};
use crate::reply::Reply;

/// What is asked for.
pub(in crate::http) enum Question {
    List,
    Trace(String),
    Span(String, String),
    Scores,
    Score(String),
    DeadLetters,
    Stats,
    Usage,
    UsageHistory,
}

/// Answers whoever has a key of the project.
pub(in crate::http) async fn answer<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    question: Question,
) -> Result<Reply, Error> {
    let Principal { project, .. } = exchange.reader(Scope::Read).await?;
    answer_of(exchange, &project, question).await
}

/// Answers the operator, of a project by its name.
pub(in crate::http) async fn answer_operator<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    name: &str,
    question: Question,
) -> Result<Reply, Error> {
    let project = project_of(exchange, name).await?;
    answer_of(exchange, &project, question).await
}

async fn answer_of<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    project: &str,
    question: Question,
) -> Result<Reply, Error> {
    let (db, query) = (exchange.platform.db()?, exchange.query());
    let data = match question {
        Question::DeadLetters => api::dead_letters(project, &db).await?,
        Question::Stats => api::stats(project, &db).await?,
        Question::Usage => api::usage(Of::Project(project), &query, exchange.started, &db).await?,
        Question::UsageHistory => {
            api::usage_history(Of::Project(project), &query, exchange.started, &db).await?
        }
        Question::Scores => api::list_scores(project, &query, &db).await?,
        Question::Score(id) => api::get_score(project, &id, &db).await?,
        of_traces => {
            let store = exchange.platform.store()?;
            let source = exchange.source(&store);
            match of_traces {
                Question::Trace(id) => api::get(project, &id, &query, &db, source).await?,
                Question::Span(id, span) => api::get_span(project, &id, &span, &db, source).await?,
                _ => api::list(project, &query, &db, source).await?,
            }
        }
    };
    Ok(Reply::data(data))
}

/// What health says: that the Worker runs. It asks no other service, so that checking
/// cannot cost or break anything.
pub(in crate::http) fn health() -> Reply {
    Reply::json(200, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }).to_string())
}
