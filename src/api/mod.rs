//! The read API: query strings in, JSON out. What it says comes from the index
//! (`index`) and, for payloads, from the raw batches, given back byte
//! for byte.

mod alerts;
mod budgets;
mod evaluations;
mod evaluators;
mod filter;
mod json;
mod manage;
mod prices;
mod request;
mod route_model;
mod routing_configs;
mod scores;
mod trace;
mod usage;
mod validate;

pub use alerts::{manage_alerts, try_alert};
pub use budgets::{budgets_left, manage_budgets};
pub use evaluators::{Draft, changed, draft, find_evaluator, manage_evaluators};
pub(crate) use filter::{list_cursor, parse_end, parse_list_cursor, parse_number, parse_time};
pub(crate) use json::dollars;
pub use manage::{Asked, Manage};
pub use prices::{PriceCommand, prices};
pub use route_model::{RoutingCache, route_model};
pub use routing_configs::manage_routing;
pub use scores::{find_score, get_score, list_scores, scores_with_trace, show_score};
pub use trace::{get, get_span, show_span};
pub use usage::{Of, usage, usage_history};
pub use validate::validate;

use crate::batch::RawStore;
use crate::error::{Error, Fault};
use crate::index::Database;
use crate::index::read::TraceRow;
use crate::index::{recovery, stats};
use crate::payload::{Payloads, Source};
use crate::search;

/// `GET /api/v1/traces`: the `data` of the answer.
///
/// # Errors
/// 400 for a query that cannot be read; a fault of the database.
pub async fn list(
    project: &str,
    query: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<String, Error> {
    let filter::ListRequest { filter, after, limit } = filter::parse(query, source.now)?;
    let (traces, next) = search::traces(project, (&filter, after, limit), db, &source).await?;
    let payloads = read_metadata(&traces, &source).await?;
    let page = json::Page {
        traces: traces.iter().map(|trace| json::Trace::of(trace, &payloads, source.now)).collect(),
        next_cursor: next.place().map(filter::list_cursor),
    };
    to_json(&page)
}

/// Metadata of traces that their rows do not have.
async fn read_metadata(
    traces: &[TraceRow],
    source: &Source<'_, impl RawStore>,
) -> Result<Payloads, Fault> {
    let elsewhere: Vec<_> =
        traces.iter().filter_map(TraceRow::metadata_elsewhere).flatten().collect();
    Payloads::read(source, &elsewhere.iter().collect::<Vec<_>>()).await
}

/// Traces that were found, as a list has them: a JSON array.
///
/// # Errors
/// A fault where there is no room for what has to be read.
pub async fn show(traces: &[TraceRow], source: Source<'_, impl RawStore>) -> Result<String, Error> {
    let payloads = read_metadata(traces, &source).await?;
    let shown = traces.iter().map(|trace| json::Trace::of(trace, &payloads, source.now));
    to_json(&shown.collect::<Vec<_>>())
}

/// What whoever asks for a trace that is not there is told, here and on its page.
pub const NO_TRACE: &str = "This project has no trace with this id. It may be in another project, or not have \
                            arrived yet.";

/// `GET /api/v1/dead-letters`: the `data` of the answer.
///
/// # Errors
/// A fault of the database.
pub async fn dead_letters(project: &str, db: &impl Database) -> Result<String, Error> {
    let ran = db.run(vec![recovery::select_dead_letters(project)]).await?;
    Ok(format!(r#"{{"deadLetters":[{}]}}"#, ran.rows.concat().join(",")))
}

/// `GET /api/v1/stats`: the `data` of the answer.
///
/// # Errors
/// A fault of the database.
pub async fn stats(project: &str, db: &impl Database) -> Result<String, Error> {
    let ran = db.run(vec![stats::select_hours(project)]).await?;
    Ok(format!(r#"{{"hours":[{}]}}"#, ran.rows.concat().join(",")))
}

/// JSON text of an answer.
///
/// # Errors
/// [`Fault::Internal`] for what JSON cannot say; nothing here is that.
pub fn to_json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Fault::Internal(format!("an answer: {e}")).into())
}
