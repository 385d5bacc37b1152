//! Langfuse's reads of scores: a list of them, and one. Its SDKs read no score without a
//! trace, so those that name none (of a session, of a span alone) are left to this API's own.

use super::query;
use super::query::OfScores;
use super::shape;
use super::shape::Ours;
use super::walk;
use super::walk::Walk;
use crate::api;
use crate::error::{Error, Reject};
use crate::index::scores::Score;
use crate::index::{Database, scores};
use crate::reply::Reply;

/// A page of scores, the newest first. How many there are in all is not counted, as of traces.
pub async fn list(project: &str, asked: &str, db: &impl Database) -> Result<Reply, Error> {
    let OfScores { page, filter, data_type } = query::of_scores(asked)?;
    let is_asked = |score: &Score| {
        let found = shape::data_type(score.boolean != 0, score.value.is_some());
        score.trace.is_some() && data_type.as_ref().is_none_or(|wanted| wanted == found)
    };
    let mut walk = Walk::to(page);
    let mut after = None;
    for _ in 0..walk::MAX_STEPS {
        let asked = scores::select_list(project, &filter, after.as_ref(), walk::STEP);
        let ran = db.run(vec![asked]).await?;
        let (found, next) = scores::read_list(&ran, walk::STEP)?;
        walk.take(found.into_iter().filter(is_asked));
        after = next.filter(|_| walk.goes_on());
        if after.is_none() {
            break;
        }
    }
    if after.is_some() {
        return Err(walk::too_far().into());
    }
    let mut shown = Vec::new();
    for score in &walk.items {
        let trace = score.trace.as_deref().unwrap_or_default();
        shown.push(shape::score(&Ours::of(&api::show_score(score)?)?, trace));
    }
    Ok(Reply::json(200, shape::page(&shown, page, walk.known)))
}

/// One score.
pub async fn score(project: &str, id: &str, db: &impl Database) -> Result<Reply, Error> {
    let found = api::get_score(project, id, db).await?;
    let score = Ours::of(&found)?;
    let Some(trace) = score.text("traceId") else {
        let why = "this score names no trace, which Langfuse's have; it is at /api/v1/scores/{id}";
        return Err(Reject::NotFound(why.into()).into());
    };
    Ok(Reply::json(200, shape::score(&score, &trace)))
}
