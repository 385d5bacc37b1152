//! Langfuse's reads: a list of traces, a trace with its observations and scores, observations
//! of a trace. What they say comes from this API's own answers.

use std::collections::HashMap;

use serde_json::Value;

use super::query;
use super::query::{OfObservations, OfTraces};
use super::shape;
use super::shape::Ours;
use super::walk;
use super::walk::Walk;
use crate::api;
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::index::read::TraceRow;
use crate::index::traces::Next;
use crate::index::{Database, scores, traces};
use crate::payload::Source;
use crate::reply::Reply;
use crate::time;

/// A page of traces, the newest first. How many there are in all is not counted: `meta`
/// says how many are known, which is more than these while there are more.
pub async fn list(
    project: &str,
    asked: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<Reply, Error> {
    let OfTraces { page, filter } = query::of_traces(asked, source.now)?;
    let is_named = |name: &str| filter.name.as_ref().is_none_or(|wanted| wanted == name);
    let mut walk = Walk::to(page);
    let mut after = None;
    for _ in 0..walk::MAX_STEPS {
        let ran = db.run(traces::select_traces(project, &filter, after, walk::STEP)).await?;
        let (found, next) = traces::read_traces(&ran, walk::STEP)?;
        walk.take(found.into_iter().filter(|row| is_named(&row.name)));
        after = match next {
            Next::More(place) | Next::Perhaps(place) if walk.goes_on() => Some(place),
            _ => None,
        };
        if after.is_none() {
            break;
        }
    }
    if after.is_some() {
        return Err(walk::too_far().into());
    }
    let Walk { items: rows, known, .. } = walk;
    let of_scores = ids_of_scores(project, &rows, db).await?;
    let listed = api::show(&rows, source).await?;
    let mut traces = Vec::new();
    for (row, ours) in rows.iter().zip(shape::list(&listed)?) {
        let scores = of_scores.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        traces.push(shape::trace(&ours, &[], scores));
    }
    Ok(Reply::json(200, shape::page(&traces, page, known)))
}

/// The ids of the scores of traces, each as JSON, asked for where there are any.
async fn ids_of_scores(
    project: &str,
    rows: &[TraceRow],
    db: &impl Database,
) -> Result<HashMap<String, Vec<String>>, Error> {
    let scored = rows.iter().filter(|row| row.scores.is_some_and(|count| count > 0));
    let scored: Vec<_> = scored.map(|row| &*row.id).collect();
    if scored.is_empty() {
        return Ok(HashMap::new());
    }
    let found = scores::read_ids(&db.run(vec![scores::select_ids(project, scored)]).await?)?;
    let quoted = |id: String| Value::from(id).to_string();
    let found = found.into_iter();
    Ok(found.map(|(trace, ids)| (trace, ids.into_iter().map(quoted).collect())).collect())
}

/// A trace with its scores and its observations: the first part of those of a large one.
pub async fn trace(
    project: &str,
    id: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<Reply, Error> {
    let (budget, now) = (source.budget, source.now);
    let found = api::get(project, id, "", db, source).await?;
    // The answer is made beside it, of pieces.
    let _share = budget.take(3 * found.len() as u64, now)?;
    let trace = Ours::of(&found)?;
    let start = trace.text("startTime").unwrap_or_default();
    let spans = trace.list("spans")?;
    let spans: Vec<_> = spans.iter().map(|span| shape::observation(span, &start)).collect();
    let scores = trace.list("scores")?;
    let scores: Vec<_> = scores.iter().map(|score| shape::score(score, id)).collect();
    Ok(Reply::json(200, shape::trace(&trace, &spans, &scores)))
}

/// A page of the observations of a trace, the latest first.
pub async fn observations(
    project: &str,
    asked: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<Reply, Error> {
    let asked = query::of_observations(asked)?;
    let (budget, now) = (source.budget, source.now);
    let found = match api::get(project, &asked.trace, "", db, source).await {
        Err(Error::Reject(Reject::NotFound(_))) => {
            return Ok(Reply::json(200, shape::page(&[], asked.page, 0)));
        }
        found => found?,
    };
    let _share = budget.take(3 * found.len() as u64, now)?;
    let trace = Ours::of(&found)?;
    let start = trace.text("startTime").unwrap_or_default();
    let mut all = trace.list("spans")?;
    all.retain(|span| passes(&trace, span, &asked));
    all.reverse();
    let shown = all.iter().skip(asked.page.before()).take(asked.page.limit);
    let shown: Vec<_> = shown.map(|span| shape::observation(span, &start)).collect();
    Ok(Reply::json(200, shape::page(&shown, asked.page, all.len())))
}

/// Whether a span of a trace is one that is asked for.
fn passes(trace: &Ours, span: &Ours, asked: &OfObservations) -> bool {
    let start = span.text("startTime").and_then(|start| time::parse(&start));
    let is = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
    };
    let says = |wanted: &Option<String>, ours: &Ours, name: &str| {
        wanted.is_none() || is(wanted, ours.text(name).as_deref())
    };
    says(&asked.user, trace, "userId")
        && says(&asked.name, span, "name")
        && says(&asked.parent, span, "parentSpanId")
        && is(&asked.kind, Some(shape::kind(span)))
        && is(&asked.level, Some(shape::level(span)))
        && asked.from.is_none_or(|from| start >= Some(from))
        && asked.to.is_none_or(|to| start.is_some_and(|start| start <= to))
}

/// One observation, of the trace that the query names: the index knows spans by their
/// trace alone, and Langfuse's SDKs do not say it.
pub async fn observation(
    project: &str,
    id: &str,
    asked: &str,
    db: &impl Database,
    source: Source<'_, impl RawStore>,
) -> Result<Reply, Error> {
    let Some(trace) = query::trace_of(asked) else {
        let why = "here an observation is found by its trace: ask for that, or add ?traceId=";
        return Err(Reject::NotFound(why.into()).into());
    };
    let found = api::get_span(project, &trace, id, db, source).await?;
    let span = Ours::of(&found)?;
    let start = span.text("createdAt").unwrap_or_else(|| NEVER.into());
    Ok(Reply::json(200, shape::observation(&span, &start)))
}

/// For a span of which nothing says when it was.
const NEVER: &str = "1970-01-01T00:00:00.000Z";
