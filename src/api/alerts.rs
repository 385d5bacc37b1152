//! `/api/v1/alerts`: making, changing and listing a project's alert rules, and sending one for a
//! try. The path of an address is a secret of its receiver's, and is never given back.

use serde::{Deserialize, Serialize};

use super::manage::{Asked, Manage, changed_meanwhile, check_name, deleted};
use super::to_json;
use crate::alerts::notice;
use crate::alerts::rule::{Allowed, HOSTS, Kind};
use crate::error::{Error, Reject};
use crate::index::alerts::AlertRow;
use crate::index::{Database, alerts as stored};
use crate::limits::{MAX_ALERTS, MAX_INDEXED_BYTES};
use crate::model::Millis;
use crate::outbound::Outbound;
use crate::pipeline::webhook::send;
use crate::time;

/// Longest cooldown, in minutes: a month.
const MAX_COOLDOWN_MIN: i64 = 31 * 24 * 60;
/// What one is where nothing is said: an hour.
const COOLDOWN_MS: Millis = 3_600_000;
/// Traces or scores of which there are too few to say anything, where nothing is said.
const MIN_COUNT: i64 = 10;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Period {
    Hour,
    Day,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Slack,
}

/// What is said of a rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Said {
    name: Option<String>,
    kind: Option<Kind>,
    period: Option<Period>,
    evaluator: Option<String>,
    threshold: Option<f64>,
    min_count: Option<u32>,
    url: Option<String>,
    format: Option<Format>,
    cooldown_minutes: Option<i64>,
    enabled: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertOut<'a> {
    id: &'a str,
    name: &'a str,
    kind: &'a str,
    period: Option<&'a str>,
    evaluator: Option<&'a str>,
    threshold: f64,
    min_count: i64,
    url: String,
    format: &'a str,
    cooldown_minutes: i64,
    enabled: bool,
    state: &'static str,
    since: String,
    last_sent_at: Option<String>,
    last_error: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

/// Does what is asked for: the `data` of the answer.
///
/// # Errors
/// 400 for a body that cannot be, 404 for what is not there, 409 where there are as many as
/// there may be; a fault of the database.
pub async fn manage_alerts(
    question: &Manage,
    asked: Asked<'_>,
    allowed: &Allowed,
    db: &impl Database,
) -> Result<String, Error> {
    let Asked { project, body, now, random, .. } = asked;
    match question {
        Manage::List => {
            let rows = db.run(vec![stored::select_all(project)]).await?.rows;
            let rows = stored::read_all(&rows.concat())?;
            let out: Vec<_> = rows.iter().map(AlertOut::of).collect();
            Ok(format!(r#"{{"alerts":{}}}"#, to_json(&out)?))
        }
        Manage::Get(id) => to_json(&AlertOut::of(&find(project, id, db).await?)),
        Manage::Create => {
            let made = apply(body, empty(now, random), true, allowed)?;
            let rows = db.run(vec![stored::insert(project, &made)]).await?.rows;
            if rows.iter().all(Vec::is_empty) {
                let why = format!("a project has at most {MAX_ALERTS} alerts: remove some first");
                return Err(Reject::Conflict(why).into());
            }
            to_json(&AlertOut::of(&made))
        }
        Manage::Update(id) => {
            let before = find(project, id, db).await?;
            let was = before.updated_ms;
            let mut changed = apply(body, before, false, allowed)?;
            changed.updated_ms = now.max(was + 1);
            let rows = db.run(vec![stored::update(project, &changed, was)]).await?.rows;
            if rows.iter().all(Vec::is_empty) {
                return Err(changed_meanwhile().into());
            }
            to_json(&AlertOut::of(&find(project, id, db).await?))
        }
        Manage::Delete(id) => {
            let rows = db.run(vec![stored::delete(project, id)]).await?.rows;
            if rows.iter().all(Vec::is_empty) { Err(none().into()) } else { Ok(deleted(id)) }
        }
    }
}

/// Sends a rule's notice with the state `test`, whatever it is measured: the `data` of the
/// answer.
///
/// # Errors
/// 404 for a rule that is not there; a fault of the database.
pub async fn try_alert(
    id: &str,
    (project, project_name): (&str, &str),
    allowed: &Allowed,
    db: &impl Database,
    outbound: &impl Outbound,
) -> Result<String, Error> {
    let rule = find(project, id, db).await?;
    let mut sent = allowed.check(&rule.url).map_err(str::to_owned);
    if sent.is_ok() {
        let body = notice::body(&rule, "test", (project, project_name));
        sent = send(&rule.url, None, &body, outbound).await;
    }
    Ok(format!(r#"{{"taken":{},"message":{}}}"#, sent.is_ok(), to_json(&sent.err())?))
}

async fn find(project: &str, id: &str, db: &impl Database) -> Result<AlertRow, Error> {
    let rows = db.run(vec![stored::select_all(project)]).await?.rows;
    let found = stored::read_all(&rows.concat())?.into_iter().find(|row| row.id == id);
    found.ok_or_else(|| none().into())
}

fn none() -> Reject {
    Reject::NotFound("this project has no alert with this id".into())
}

fn empty(now: Millis, random: u32) -> AlertRow {
    AlertRow {
        id: format!("al_{now:012x}{random:08x}"),
        name: String::new(),
        kind: String::new(),
        period: String::new(),
        evaluator: String::new(),
        threshold: 0.0,
        min_count: MIN_COUNT,
        url: String::new(),
        format: "json".into(),
        cooldown_ms: COOLDOWN_MS,
        enabled: 1,
        created_ms: now,
        updated_ms: now,
        version: 1,
        firing: 0,
        since_ms: now,
        due: None,
        notice: 0,
        value: 0.0,
        retry_ms: 0,
        tries: 0,
        sent_ms: None,
        error: None,
    }
}

/// A rule with what a body says of it, checked as a whole.
fn apply(
    body: &[u8],
    mut row: AlertRow,
    is_new: bool,
    allowed: &Allowed,
) -> Result<AlertRow, Reject> {
    let said: Said =
        serde_json::from_slice(body).map_err(|e| Reject::invalid("body", e.to_string()))?;
    if let Some(kind) = said.kind {
        if !is_new && kind.as_str() != row.kind {
            return Err(Reject::invalid("kind", "expected what it is: make another alert"));
        }
        row.kind = kind.as_str().into();
    }
    let kind = Kind::parse(&row.kind)
        .ok_or_else(|| Reject::invalid("kind", "expected what is to be measured"))?;
    if let Some(threshold) = said.threshold {
        row.threshold = threshold;
    }
    row.name = said.name.unwrap_or(row.name);
    row.evaluator = said.evaluator.unwrap_or(row.evaluator);
    row.min_count = said.min_count.map_or(row.min_count, i64::from);
    row.url = said.url.unwrap_or(row.url);
    row.enabled = said.enabled.map_or(row.enabled, u8::from);
    match said.format {
        Some(Format::Json) => row.format = "json".into(),
        Some(Format::Slack) => row.format = "slack".into(),
        None => {}
    }
    match said.period {
        Some(Period::Hour) => row.period = "hour".into(),
        Some(Period::Day) => row.period = "day".into(),
        None if is_new && kind.has_period() => row.period = "hour".into(),
        None => {}
    }
    if let Some(minutes) = said.cooldown_minutes {
        row.cooldown_ms = minutes.saturating_mul(60_000);
    }
    check(&row, kind, allowed)?;
    Ok(row)
}

fn check(row: &AlertRow, kind: Kind, allowed: &Allowed) -> Result<(), Reject> {
    let expect = |is: bool, path: &str, expected: &str| {
        if is { Ok(()) } else { Err(Reject::invalid(path, format!("expected {expected}"))) }
    };
    check_name(&row.name)?;
    let most = kind.max_threshold();
    let threshold = format!("a number above 0, up to {most}");
    expect(row.threshold > 0.0 && row.threshold <= most, "threshold", &threshold)?;
    let wants = kind == Kind::EvaluatorAverage;
    expect(row.evaluator.is_empty() != wants, "evaluator", "the name of scores, of their average")?;
    expect(row.evaluator.len() <= MAX_INDEXED_BYTES, "evaluator", "a shorter name")?;
    expect(kind.has_period() || row.period.is_empty(), "period", "none: this kind has no period")?;
    let cooldown = 0..=MAX_COOLDOWN_MIN * 60_000;
    expect(cooldown.contains(&row.cooldown_ms), "cooldownMinutes", "at most a month")?;
    if allowed.hosts.is_empty() {
        let why = format!("alerts are switched off: the operator has not set {HOSTS}");
        return Err(Reject::invalid("url", why));
    }
    allowed.check(&row.url).map_err(|why| Reject::invalid("url", why))
}

/// An address without what may be secret in it.
fn without_path(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    format!("{scheme}://{}/***", rest.split(['/', '?', '#']).next().unwrap_or_default())
}

impl<'a> AlertOut<'a> {
    fn of(row: &'a AlertRow) -> Self {
        let at = |ms: Millis| time::with_millis(ms.saturating_mul(1_000));
        let said = |text: &'a String| Some(text.as_str()).filter(|text| !text.is_empty());
        Self {
            id: &row.id,
            name: &row.name,
            kind: &row.kind,
            period: said(&row.period),
            evaluator: said(&row.evaluator),
            threshold: row.threshold,
            min_count: row.min_count,
            url: without_path(&row.url),
            format: &row.format,
            cooldown_minutes: row.cooldown_ms / 60_000,
            enabled: row.enabled != 0,
            state: if row.firing != 0 { notice::FIRING } else { "ok" },
            since: at(row.since_ms),
            last_sent_at: row.sent_ms.map(at),
            last_error: row.error.as_deref(),
            created_at: at(row.created_ms),
            updated_at: at(row.updated_ms),
        }
    }
}
