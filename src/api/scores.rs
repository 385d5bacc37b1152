//! Scores: query strings in, JSON out.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::filter::{
    A_DATE, DEFAULT_LIMIT, MAX_LIMIT, parse_end, parse_number, parse_span_cursor, parse_time,
    span_cursor,
};
use super::to_json;
use crate::error::{Error, Fault, Reject};
use crate::index::scores::{SOURCES, Score, ScoreFilter, ScorePlace};
use crate::index::{Database, scores};
use crate::time;

/// A score, in lists, alone and with its trace.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreOut<'a> {
    id: &'a str,
    trace_id: Option<&'a str>,
    span_id: Option<&'a str>,
    /// Of those that are of no trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    evaluator_name: &'a str,
    value: Option<&'a RawValue>,
    /// Whether the value is one of two, 1 and 0.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    boolean: bool,
    label: Option<&'a str>,
    reasoning: Option<&'a str>,
    metadata: Option<&'a RawValue>,
    source: &'static str,
    created_at: String,
}

impl<'a> ScoreOut<'a> {
    /// The score of a row.
    #[must_use]
    pub fn of(score: &'a Score) -> Self {
        let json = |text: &'a Option<String>| {
            text.as_deref().and_then(|json| serde_json::from_str(json).ok())
        };
        Self {
            id: &score.id,
            trace_id: score.trace.as_deref(),
            span_id: score.span.as_deref(),
            session_id: score.session.as_deref(),
            evaluator_name: &score.name,
            value: json(&score.value),
            boolean: score.boolean != 0,
            label: score.label.as_deref(),
            reasoning: score.reasoning.as_deref(),
            metadata: json(&score.metadata),
            source: score.source(),
            created_at: time::with_millis(score.at_us),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    scores: Vec<ScoreOut<'a>>,
    /// For the next page; null on the last.
    next_cursor: Option<String>,
}

/// What a query string asks for.
#[derive(Debug)]
struct ListRequest {
    filter: ScoreFilter,
    after: Option<ScorePlace>,
    limit: usize,
}

/// `GET /api/v1/scores`: the `data` of the answer.
///
/// # Errors
/// 400 for a query that cannot be read; a fault of the database.
pub async fn list_scores(project: &str, query: &str, db: &impl Database) -> Result<String, Error> {
    let ListRequest { filter, after, limit } = parse(query)?;
    let ran = db.run(vec![scores::select_list(project, &filter, after.as_ref(), limit)]).await?;
    let (scores, next) = scores::read_list(&ran, limit)?;
    let scores = scores.iter().map(ScoreOut::of).collect();
    to_json(&Page { scores, next_cursor: next.as_ref().map(span_cursor) })
}

/// `GET /api/v1/scores/{id}`: the `data` of the answer.
///
/// # Errors
/// 404 when the project has no such score; a fault of the database.
pub async fn get_score(project: &str, id: &str, db: &impl Database) -> Result<String, Error> {
    show_score(&find_score(project, id, db).await?)
}

/// A score by its id.
///
/// # Errors
/// As [`get_score`].
pub async fn find_score(project: &str, id: &str, db: &impl Database) -> Result<Score, Error> {
    let ran = db.run(vec![scores::select_one(project, id)]).await?;
    let found = scores::read(ran.rows.first().map(Vec::as_slice).unwrap_or_default())?;
    let none = "This project has no score with this id. It may have been deleted, or not have arrived yet.";
    Ok(found.into_iter().next().ok_or_else(|| Reject::NotFound(none.into()))?)
}

/// A score that was found, as all answers have it.
///
/// # Errors
/// As [`to_json`].
pub fn show_score(score: &Score) -> Result<String, Error> {
    to_json(&ScoreOut::of(score))
}

/// A trace's scores: those that [`scores::select_with_trace`] gave, and those that name one of
/// its spans alone, where the project has any such.
///
/// # Errors
/// A fault of the database.
pub async fn scores_with_trace<'a>(
    project: &str,
    trace: &str,
    found: &[Vec<String>],
    spans: impl IntoIterator<Item = &'a str>,
    db: &impl Database,
) -> Result<Vec<Score>, Fault> {
    let [of_trace, any] = found else {
        return Err(Fault::Internal("the scores of a trace are two results".into()));
    };
    let mut all = scores::read(of_trace)?;
    // The root's are among them already.
    let spans = spans.into_iter().filter(|span| *span != trace && !any.is_empty());
    let asked = scores::select_of_spans(project, spans);
    if !asked.is_empty() {
        all.extend(scores::read(&db.run(asked).await?.rows.concat())?);
    }
    Ok(all)
}

fn parse(query: &str) -> Result<ListRequest, Reject> {
    let mut asked =
        ListRequest { filter: ScoreFilter::default(), after: None, limit: DEFAULT_LIMIT };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let filter = &mut asked.filter;
        let invalid =
            |expected: &str| Reject::invalid(name.as_ref(), format!("expected {expected}"));
        let text = || Some(Cow::into_owned(value.clone())).filter(|text| !text.is_empty());
        let number = || parse_number(&value).map(Some).ok_or_else(|| invalid("a number"));
        match name.as_ref() {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                asked.limit = limit.ok_or_else(|| invalid("a whole number from 1 to 100"))?;
            }
            "cursor" => {
                let place = parse_span_cursor(&value);
                asked.after = Some(place.ok_or_else(|| invalid("a `nextCursor` as it was given"))?);
            }
            "traceId" => filter.trace = text(),
            "spanId" => filter.span = text(),
            "sessionId" => filter.session = text(),
            "evaluatorName" => filter.name = text(),
            "label" => filter.label = text(),
            "source" => {
                let source = SOURCES.iter().position(|source| *source == value);
                filter.source = Some(source.ok_or_else(|| invalid("api, evaluator or human"))?);
            }
            "minValue" => filter.min_value = number()?,
            "maxValue" => filter.max_value = number()?,
            "startDate" => filter.from = Some(parse_time(&value).ok_or_else(|| invalid(A_DATE))?),
            "endDate" => filter.to = Some(parse_end(&value).ok_or_else(|| invalid(A_DATE))?),
            _ => {}
        }
    }
    Ok(asked)
}
