//! `/api/v1/evaluators`: making, changing and listing evaluators of stored traces. What one
//! may hold is checked before anything is stored; what is secret in one is never given back.

use std::borrow::Cow;

use evaluators::evaluator::assignment::Filter;
use evaluators::evaluator::outside::judge::Judge;
use evaluators::evaluator::outside::webhook::{Webhook, hide, keep_hidden};
use evaluators::evaluator::{EvaluatorType, Failure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::manage::{
    Asked, Manage, Page, changed_meanwhile, check_name, deleted, page, parse_page,
};
use super::to_json;
use crate::error::{Error, Fault, Reject};
use crate::evaluation::outside::{Operator, check_host, missing, runs_per_day};
use crate::index::evaluators::EvaluatorRow;
use crate::index::{Database, evaluators as stored};
use crate::limits::MAX_EVALUATORS;
use crate::model::SpanType;
use crate::time;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EvaluatorOut<'a> {
    id: &'a str,
    project_id: &'a str,
    name: &'a str,
    r#type: &'a str,
    config: Cow<'a, RawValue>,
    enabled: bool,
    auto_run: bool,
    target: &'a str,
    filter: Cow<'a, RawValue>,
    sample_rate: f64,
    /// Of those that ask somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_runs_per_day: Option<u32>,
    version: u32,
    created_at: String,
    updated_at: String,
    /// What is not known, of what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
}

/// Does what is asked for: the `data` of the answer.
///
/// # Errors
/// 400 for a query or a body that cannot be, 404 for what is not there, 409 for a name that
/// is taken; a fault of the database.
pub async fn manage_evaluators(
    question: &Manage,
    asked: Asked<'_>,
    operator: &impl Operator,
    db: &impl Database,
) -> Result<String, Error> {
    let Asked { project, body, now, .. } = asked;
    match question {
        Manage::List => list(asked, db).await,
        Manage::Get(id) => show(project, &find_evaluator(project, id, db).await?, None),
        Manage::Create => {
            let Draft { row: made, warnings } = draft(asked, operator)?;
            let rows = db.run(vec![stored::insert(project, &made)]).await?.rows;
            if rows.iter().all(Vec::is_empty) {
                return Err(refusal(project, &made, db).await?.into());
            }
            show(project, &made, Some(warnings))
        }
        Manage::Update(id) => {
            let before = find_evaluator(project, id, db).await?;
            let (mut changed, warnings) = apply(body, &before, operator)?;
            let judged = |row: &EvaluatorRow| {
                let EvaluatorRow { r#type, config, target, filter, .. } = row.clone();
                (r#type, config, target, filter)
            };
            changed.version += u32::from(judged(&changed) != judged(&before));
            changed.updated_ms = now.max(before.updated_ms + 1);
            let update = stored::update(project, &changed, before.updated_ms);
            if db.run(vec![update]).await?.rows.iter().all(Vec::is_empty) {
                return Err(refusal(project, &changed, db).await?.into());
            }
            show(project, &changed, Some(warnings))
        }
        Manage::Delete(id) => {
            let rows = db.run(vec![stored::delete(project, id)]).await?.rows;
            if rows.iter().all(Vec::is_empty) {
                return Err(none().into());
            }
            Ok(deleted(id))
        }
    }
}

/// The evaluator that a body describes, with all that it does not say as it is of most.
///
/// # Errors
/// 400 for one that cannot be.
pub fn draft(asked: Asked<'_>, operator: &impl Operator) -> Result<Draft, Error> {
    let Asked { body, now, random, .. } = asked;
    let empty = EvaluatorRow::new(format!("ev_{now:012x}{random:08x}"), now);
    let (row, warnings) = apply(body, &empty, operator)?;
    Ok(Draft { row, warnings })
}

/// An evaluator as it would be once it is changed as a body says.
///
/// # Errors
/// As [`manage_evaluators`].
pub async fn changed(
    id: &str,
    asked: Asked<'_>,
    operator: &impl Operator,
    db: &impl Database,
) -> Result<EvaluatorRow, Error> {
    let before = find_evaluator(asked.project, id, db).await?;
    Ok(apply(asked.body, &before, operator)?.0)
}

/// An evaluator that is not stored yet.
#[derive(Debug)]
pub struct Draft {
    /// As it would be.
    pub row: EvaluatorRow,
    /// What is not known, of what was sent.
    pub warnings: Vec<String>,
}

/// The evaluator of an id.
///
/// # Errors
/// 404 where there is none; a fault of the database.
pub async fn find_evaluator(
    project: &str,
    id: &str,
    db: &impl Database,
) -> Result<EvaluatorRow, Error> {
    let all = all(project, db).await?;
    all.into_iter().find(|row| row.id == id).ok_or_else(|| none().into())
}

async fn all(project: &str, db: &impl Database) -> Result<Vec<EvaluatorRow>, Fault> {
    let rows = db.run(vec![stored::select_all(project)]).await?.rows;
    stored::read_all(&rows.concat())
}

async fn list(asked: Asked<'_>, db: &impl Database) -> Result<String, Error> {
    let Page { after, limit } = parse_page(asked.query)?;
    let (mut kind, mut enabled) = (None, None);
    for (name, value) in form_urlencoded::parse(asked.query.as_bytes()) {
        match &*name {
            "type" => kind = Some(value.into_owned()),
            "enabled" => {
                let expected = || Reject::invalid("enabled", "expected true or false");
                enabled = Some(value.parse::<bool>().map_err(|_| expected())?);
            }
            _ => {}
        }
    }
    // There are few, so all of them are read.
    let mut found = all(asked.project, db).await?;
    found.retain(|row| {
        kind.as_ref().is_none_or(|kind| row.r#type == *kind)
            && enabled.is_none_or(|enabled| (row.enabled != 0) == enabled)
    });
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.retain(|row| row.id > after);
    let more = found.len() > limit;
    found.truncate(limit);
    let shown: Vec<_> =
        found.iter().map(|row| out(asked.project, row)).collect::<Result<_, _>>()?;
    page("evaluators", &shown, found.last().filter(|_| more).map(|last| &*last.id))
}

fn none() -> Reject {
    Reject::NotFound("this project has no evaluator with this id".into())
}

/// Why one was not stored.
async fn refusal(project: &str, row: &EvaluatorRow, db: &impl Database) -> Result<Reject, Fault> {
    let all = all(project, db).await?;
    if all.iter().any(|other| other.name == row.name && other.id != row.id) {
        let why = format!("this project has an evaluator named {} already", row.name);
        return Ok(Reject::Conflict(why));
    }
    if all.len() >= MAX_EVALUATORS && all.iter().all(|other| other.id != row.id) {
        return Ok(Reject::Conflict(format!("a project has at most {MAX_EVALUATORS} evaluators")));
    }
    Ok(changed_meanwhile())
}

fn show(project: &str, row: &EvaluatorRow, warnings: Option<Vec<String>>) -> Result<String, Error> {
    to_json(&EvaluatorOut { warnings, ..out(project, row)? })
}

fn out<'a>(project: &'a str, row: &'a EvaluatorRow) -> Result<EvaluatorOut<'a>, Fault> {
    let odd = || Fault::Internal("an evaluator does not decode".into());
    let config = if row.r#type == "WEBHOOK" {
        let hidden = hide(&row.config).map_err(|_| odd())?;
        Cow::Owned(RawValue::from_string(hidden).map_err(|_| odd())?)
    } else {
        Cow::Borrowed(serde_json::from_str(&row.config).map_err(|_| odd())?)
    };
    Ok(EvaluatorOut {
        id: &row.id,
        project_id: project,
        name: &row.name,
        r#type: &row.r#type,
        config,
        enabled: row.enabled != 0,
        auto_run: row.auto_run != 0,
        target: &row.target,
        filter: Cow::Borrowed(serde_json::from_str(&row.filter).map_err(|_| odd())?),
        sample_rate: row.sample_rate,
        max_runs_per_day: row.max_runs_per_day,
        version: row.version,
        created_at: time::of_millis(row.created_ms),
        updated_at: time::of_millis(row.updated_ms),
        warnings: None,
    })
}

/// A key of a body as it is read.
fn read<T: DeserializeOwned>(key: &str, value: &RawValue, expected: &str) -> Result<T, Reject> {
    let odd = |_| Reject::invalid(key, format!("expected {expected}"));
    serde_json::from_str(value.get()).map_err(odd)
}

/// A key of a body that is an object, as it was sent.
fn object(key: &str, value: &RawValue) -> Result<String, Reject> {
    let text = value.get().trim();
    if text.starts_with('{') {
        Ok(text.into())
    } else {
        Err(Reject::invalid(key, "expected an object"))
    }
}

/// An evaluator with what a body says of it, checked; and what it says that is not known.
fn apply(
    body: &[u8],
    before: &EvaluatorRow,
    operator: &impl Operator,
) -> Result<(EvaluatorRow, Vec<String>), Error> {
    let odd = |e: serde_json::Error| Reject::invalid("body", format!("expected an object: {e}"));
    let fields: std::collections::BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).map_err(odd)?;
    let (mut row, mut warnings) = (before.clone(), Vec::new());
    for (key, value) in fields.into_iter().filter(|(_, value)| value.get() != "null") {
        match &*key {
            "name" => row.name = read(&key, value, "a string")?,
            "type" => row.r#type = read(&key, value, "a string")?,
            "config" => row.config = object(&key, value)?,
            "filter" => row.filter = object(&key, value)?,
            "target" => row.target = read(&key, value, "trace or span")?,
            "enabled" => row.enabled = read::<bool>(&key, value, "true or false")?.into(),
            "autoRun" | "auto_run" => {
                row.auto_run = read::<bool>(&key, value, "true or false")?.into();
            }
            "sampleRate" | "sample_rate" => {
                row.sample_rate = read(&key, value, "a number from 0 to 1")?;
            }
            "maxRunsPerDay" | "max_runs_per_day" => {
                row.max_runs_per_day = Some(read(&key, value, "a whole number")?);
            }
            // What an answer of this API has, sent back.
            "id" | "projectId" | "version" | "createdAt" | "updatedAt" | "warnings" | "traceId" => {
            }
            _ => warnings.push(format!("{key}: unknown, ignored")),
        }
    }
    check_name(&row.name)?;
    if !matches!(&*row.target, "trace" | "span") {
        return Err(Reject::invalid("target", "expected trace or span").into());
    }
    if !(0.0..=1.0).contains(&row.sample_rate) {
        return Err(Reject::invalid("sampleRate", "expected a number from 0 to 1").into());
    }
    let (_, unknown) = Filter::parse(Some(&row.filter), |kind| SpanType::parse(kind).is_some())
        .map_err(|failure| invalid(&failure, ""))?;
    warnings.extend(unknown);
    match (runs_per_day(&row.r#type), row.max_runs_per_day) {
        (Some(most), None) => row.max_runs_per_day = Some(most),
        (Some(_), Some(_)) | (None, None) => {}
        (None, Some(_)) => {
            row.max_runs_per_day = None;
            warnings.push("maxRunsPerDay: only of evaluators that ask somebody else".into());
        }
    }
    warnings.extend(check(&mut row, before, operator)?);
    Ok((row, warnings))
}

/// Checks type and configuration together; what in it nobody reads.
fn check(
    row: &mut EvaluatorRow,
    before: &EvaluatorRow,
    operator: &impl Operator,
) -> Result<Vec<String>, Error> {
    let of_config = |failure: Failure| invalid(&failure, "config.");
    if let Some(kind) = EvaluatorType::find(&row.r#type) {
        let evaluator = kind.parse(Some(&row.config)).map_err(of_config)?;
        return Ok(evaluator.warnings().to_vec());
    }
    if runs_per_day(&row.r#type).is_none() {
        return Err(
            Reject::invalid("type", "expected a type of evaluator, such as CONTAINS").into()
        );
    }
    if let Some(why) = missing(&row.r#type, operator) {
        return Err(Reject::invalid("type", why).into());
    }
    if row.r#type == "LLM_JUDGE" {
        return Ok(Judge::parse(&row.config).map_err(of_config)?.1);
    }
    let known = if before.r#type == row.r#type { &*before.config } else { "{}" };
    row.config = keep_hidden(&row.config, known).map_err(of_config)?;
    let webhook = Webhook::parse(&row.config).map_err(of_config)?;
    check_host(&webhook, operator).map_err(|why| Reject::invalid("config.url", why.as_str()))?;
    Ok(Vec::new())
}

/// What is wrong with a configuration, as a request that is refused.
fn invalid(failure: &Failure, prefix: &str) -> Reject {
    let said = failure.message.strip_prefix("Invalid config: ").unwrap_or(&failure.message);
    let (place, what) = said.split_once(": ").unwrap_or(("config", said));
    let path = if place == "config" { place.to_owned() } else { format!("{prefix}{place}") };
    Reject::invalid(path, what.to_owned())
}
