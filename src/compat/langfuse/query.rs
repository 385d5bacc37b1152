//! Query strings of Langfuse's lists: what the index can answer, and a 400 for what it
//! cannot, for a list that leaves a condition out looks like one that keeps it.

use std::borrow::Cow;

use crate::api::parse_time;
use crate::error::Reject;
use crate::index::scores::ScoreFilter;
use crate::index::traces::Filter;
use crate::model::{Micros, Millis};

/// Items of a page when the query does not say, and at most: as Langfuse has it.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// Most items that lie before a page: they are walked along each time.
pub const MAX_BEFORE: usize = 2_000;

/// Most tags: each is a parameter of the statement, and D1 takes 100.
const MAX_TAGS: usize = 20;

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 1.
    pub number: usize,
    /// Most items in it.
    pub limit: usize,
}

impl Page {
    /// How many items lie before it.
    #[must_use]
    pub fn before(self) -> usize {
        (self.number - 1).saturating_mul(self.limit)
    }
}

/// What a query asks for of traces. A name is meant as a whole, which the index does not
/// know: it finds all with that in them.
#[derive(Debug)]
pub struct OfTraces {
    pub page: Page,
    pub filter: Filter,
}

/// What a query asks for of the observations of a trace.
#[derive(Debug)]
pub struct OfObservations {
    pub page: Page,
    pub trace: String,
    pub name: Option<String>,
    pub kind: Option<String>,
    pub level: Option<String>,
    pub parent: Option<String>,
    pub user: Option<String>,
    pub from: Option<Micros>,
    pub to: Option<Micros>,
}

/// What a query asks for of scores.
#[derive(Debug)]
pub struct OfScores {
    pub page: Page,
    pub filter: ScoreFilter,
    pub data_type: Option<String>,
}

/// Who makes scores as Langfuse has it: the index's own in their order, and one of whom
/// there is none here.
const SOURCES: [&str; 3] = ["API", "EVAL", "ANNOTATION"];
const DATA_TYPES: [&str; 3] = ["NUMERIC", "BOOLEAN", "CATEGORICAL"];

/// The fields of a query that say something, in order.
fn fields(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty())
}

fn invalid(name: &str, expected: &str) -> Reject {
    Reject::invalid(name, format!("expected {expected}"))
}

fn time(name: &str, value: &str) -> Result<Micros, Reject> {
    let expected = "an ISO 8601 date and time such as 2026-03-14T10:00:00.000Z";
    parse_time(value).ok_or_else(|| invalid(name, expected))
}

/// The last microsecond before a time: such ends are not in what they end.
fn before(name: &str, value: &str) -> Result<Micros, Reject> {
    Ok(time(name, value)? - 1)
}

/// Reads a field that all lists have; whether it is one.
fn of_page(page: &mut Page, name: &str, value: &str) -> Result<bool, Reject> {
    let number = |most| value.parse().ok().filter(|number| (1..=most).contains(number));
    match name {
        "page" => {
            page.number = number(usize::MAX).ok_or_else(|| invalid(name, "a number from 1 on"))?;
        }
        "limit" => {
            let expected = || invalid(name, "a number from 1 to 100");
            page.limit = number(MAX_LIMIT).ok_or_else(expected)?;
        }
        "environment" | "release" | "version" => {
            let message = "is not kept here to find anything by; leave it out";
            return Err(Reject::invalid(name, message));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn check_reach(page: Page) -> Result<(), Reject> {
    if page.before() <= MAX_BEFORE {
        return Ok(());
    }
    let message = format!(
        "lies more than {MAX_BEFORE} items down the list; begin elsewhere, with another end of the time"
    );
    Err(Reject::invalid("page", message))
}

const FIRST: Page = Page { number: 1, limit: DEFAULT_LIMIT };

/// What a query asks for of traces at a time.
///
/// # Errors
/// 400 that names the parameter and what it takes.
pub fn of_traces(query: &str, now: Millis) -> Result<OfTraces, Reject> {
    let mut page = FIRST;
    let mut filter = Filter { now, ..Filter::default() };
    for (name, value) in fields(query) {
        if of_page(&mut page, &name, &value)? {
            continue;
        }
        match &*name {
            "name" => filter.name = Some(value.into()),
            "userId" => filter.user = Some(value.into()),
            "sessionId" => filter.session = Some(value.into()),
            "tags" => filter.tags.push(value.into()),
            "fromTimestamp" => filter.from = Some(time(&name, &value)?),
            "toTimestamp" => filter.to = Some(before(&name, &value)?),
            "orderBy" if value != "timestamp.desc" => {
                return Err(invalid(&name, "timestamp.desc, the only order there is"));
            }
            _ => {}
        }
    }
    if filter.tags.len() > MAX_TAGS {
        return Err(invalid("tags", "at most 20 tags"));
    }
    check_reach(page)?;
    Ok(OfTraces { page, filter })
}

/// What a query asks for of observations.
///
/// # Errors
/// As [`of_traces`].
pub fn of_observations(query: &str) -> Result<OfObservations, Reject> {
    let mut asked = OfObservations {
        page: FIRST,
        trace: String::new(),
        name: None,
        kind: None,
        level: None,
        parent: None,
        user: None,
        from: None,
        to: None,
    };
    for (name, value) in fields(query) {
        if of_page(&mut asked.page, &name, &value)? {
            continue;
        }
        match &*name {
            "traceId" => asked.trace = value.into(),
            "name" => asked.name = Some(value.into()),
            "type" => asked.kind = Some(value.into()),
            "level" => asked.level = Some(value.into()),
            "parentObservationId" => asked.parent = Some(value.into()),
            "userId" => asked.user = Some(value.into()),
            "fromStartTime" => asked.from = Some(time(&name, &value)?),
            "toStartTime" => asked.to = Some(before(&name, &value)?),
            _ => {}
        }
    }
    if asked.trace.is_empty() {
        return Err(Reject::invalid(
            "traceId",
            "required: here observations are found by their trace",
        ));
    }
    Ok(asked)
}

/// What a query asks for of scores.
///
/// # Errors
/// As [`of_traces`].
pub fn of_scores(query: &str) -> Result<OfScores, Reject> {
    let mut asked = OfScores { page: FIRST, filter: ScoreFilter::default(), data_type: None };
    let (mut operator, mut bound) = (None, None);
    for (name, value) in fields(query) {
        if of_page(&mut asked.page, &name, &value)? {
            continue;
        }
        let filter = &mut asked.filter;
        match &*name {
            "traceId" => filter.trace = Some(value.into()),
            "observationId" => filter.span = Some(value.into()),
            "name" => filter.name = Some(value.into()),
            "source" => {
                let source = SOURCES.iter().position(|source| *source == value);
                let expected = || invalid(&name, "API, EVAL or ANNOTATION");
                filter.source = Some(source.ok_or_else(expected)?);
            }
            "dataType" if DATA_TYPES.contains(&&*value) => asked.data_type = Some(value.into()),
            "dataType" => return Err(invalid(&name, "NUMERIC, BOOLEAN or CATEGORICAL")),
            "operator" => operator = Some(value),
            "value" => {
                let number = value.parse().ok().filter(|number: &f64| number.is_finite());
                bound = Some(number.ok_or_else(|| invalid(&name, "a number"))?.to_string());
            }
            "fromTimestamp" => filter.from = Some(time(&name, &value)?),
            "toTimestamp" => filter.to = Some(before(&name, &value)?),
            "userId" | "traceTags" | "configId" | "queueId" | "scoreIds" => {
                let message = "scores are not found by this here; leave it out";
                return Err(Reject::invalid(&*name, message));
            }
            _ => {}
        }
    }
    let filter = &mut asked.filter;
    match (operator.as_deref(), bound) {
        (None, None) => {}
        (Some(">="), bound @ Some(_)) => filter.min_value = bound,
        (Some("<="), bound @ Some(_)) => filter.max_value = bound,
        (Some("="), bound @ Some(_)) => {
            filter.min_value.clone_from(&bound);
            filter.max_value = bound;
        }
        (_, None) => return Err(invalid("value", "a number, with the operator")),
        (_, Some(_)) => return Err(invalid("operator", "one of =, >= and <=, with a value")),
    }
    check_reach(asked.page)?;
    Ok(asked)
}

/// The trace that a query for one observation names.
#[must_use]
pub fn trace_of(query: &str) -> Option<String> {
    fields(query).find(|(name, _)| name == "traceId").map(|(_, value)| value.into())
}
