//! `/api/v1/budgets`: making, changing and listing a project's budgets; and `/api/v1/budget`:
//! what is left of those that apply to whoever asks.

use serde::{Deserialize, Serialize};

use super::manage::{Asked, Manage, check_name, deleted};
use super::to_json;
use crate::error::{Error, Reject};
use crate::index::Database;
use crate::index::budgets::{self as stored, BudgetRow, Spent};
use crate::limits::{MAX_BUDGETS, MAX_INDEXED_BYTES};
use crate::model::Millis;
use crate::time;
use crate::time::Month;

/// Largest limits: far from what a number of JSON cannot say any more.
const MAX_USD: f64 = 1e6;
const MAX_TOKENS: i64 = 1_000_000_000_000;

const DAY_MS: Millis = 86_400_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SubjectKind {
    Project,
    User,
    Session,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Period {
    Day,
    Month,
    Total,
}

/// What is said of a budget. Of what it is of nothing can be changed; a limit of 0 is none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Said {
    name: Option<String>,
    subject_kind: Option<SubjectKind>,
    subject: Option<String>,
    period: Option<Period>,
    limit_usd: Option<f64>,
    limit_tokens: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BudgetOut<'a> {
    id: &'a str,
    name: &'a str,
    subject_kind: &'a str,
    subject: Option<&'a str>,
    period: &'a str,
    limit_usd: Option<f64>,
    limit_tokens: Option<i64>,
    /// Of those that are of each user or session it depends on whose.
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    spent: Option<SpentOut>,
    resets_at: Option<String>,
    created_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpentOut {
    spent_usd: f64,
    spent_tokens: i64,
    /// Below zero of what is overspent; null where there is no limit.
    left_usd: Option<f64>,
    left_tokens: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LeftOut<'a> {
    budgets: Vec<BudgetOut<'a>>,
    /// The least of all; null where none has such a limit.
    left_usd: Option<f64>,
    left_tokens: Option<i64>,
}

/// Does what is asked for: the `data` of the answer.
///
/// # Errors
/// 400 for a body that cannot be, 404 for what is not there, 409 where there are as many as
/// there may be; a fault of the database.
pub async fn manage_budgets(
    question: &Manage,
    asked: Asked<'_>,
    db: &impl Database,
) -> Result<String, Error> {
    let Asked { project, body, now, random, .. } = asked;
    match question {
        Manage::List => {
            let rows = db.run(vec![stored::select_all(project, now)]).await?.rows;
            let rows = stored::read(&rows.concat())?;
            let out: Vec<_> = rows.iter().map(|of| BudgetOut::of(of, now, false)).collect();
            Ok(format!(r#"{{"budgets":{}}}"#, to_json(&out)?))
        }
        Manage::Get(id) => to_json(&BudgetOut::of(&find(project, id, now, db).await?, now, false)),
        Manage::Create => {
            let made = apply(body, empty(now, random), true)?;
            let rows = db.run(vec![stored::insert(project, &made)]).await?.rows;
            if rows.iter().all(Vec::is_empty) {
                let why = format!("a project has at most {MAX_BUDGETS} budgets: remove some first");
                return Err(Reject::Conflict(why).into());
            }
            to_json(&BudgetOut::of(&(made, (0, 0)), now, false))
        }
        Manage::Update(id) => {
            let (before, spent) = find(project, id, now, db).await?;
            let changed = apply(body, before, false)?;
            let rows = db.run(vec![stored::update(project, &changed)]).await?.rows;
            if rows.iter().all(Vec::is_empty) {
                return Err(none().into());
            }
            to_json(&BudgetOut::of(&(changed, spent), now, false))
        }
        Manage::Delete(id) => {
            let rows = db.run(stored::delete(project, id).into()).await?.rows;
            if rows.iter().all(Vec::is_empty) { Err(none().into()) } else { Ok(deleted(id)) }
        }
    }
}

/// `GET /api/v1/budget`: what is left of the project's budgets, and of those of the user and the
/// session that the query names: one read. The `data` of the answer.
///
/// # Errors
/// A fault of the database.
pub async fn budgets_left(
    project: &str,
    query: &str,
    now: Millis,
    db: &impl Database,
) -> Result<String, Error> {
    let (mut user, mut session) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "user" => user = Some(value.into_owned()).filter(|user| !user.is_empty()),
            "session" => session = Some(value.into_owned()).filter(|id| !id.is_empty()),
            _ => {}
        }
    }
    let select = stored::select_of(project, now, user.as_deref(), session.as_deref());
    let rows = stored::read(&db.run(vec![select]).await?.rows.concat())?;
    let budgets: Vec<_> = rows.iter().map(|of| BudgetOut::of(of, now, true)).collect();
    let spent = || budgets.iter().filter_map(|budget| budget.spent.as_ref());
    let left_usd = spent().filter_map(|spent| spent.left_usd).reduce(f64::min);
    let left_tokens = spent().filter_map(|spent| spent.left_tokens).min();
    to_json(&LeftOut { budgets, left_usd, left_tokens })
}

async fn find(
    project: &str,
    id: &str,
    now: Millis,
    db: &impl Database,
) -> Result<(BudgetRow, Spent), Error> {
    let rows = db.run(vec![stored::select_all(project, now)]).await?.rows;
    let found = stored::read(&rows.concat())?.into_iter().find(|(row, _)| row.id == id);
    found.ok_or_else(|| none().into())
}

fn none() -> Reject {
    Reject::NotFound("this project has no budget with this id".into())
}

fn empty(now: Millis, random: u32) -> BudgetRow {
    BudgetRow {
        id: format!("bu_{now:012x}{random:08x}"),
        name: String::new(),
        subject_kind: String::new(),
        subject: String::new(),
        period: String::new(),
        cost_nano: None,
        tokens: None,
        created_ms: now,
    }
}

/// A budget with what a body says of it, checked as a whole.
fn apply(body: &[u8], mut row: BudgetRow, is_new: bool) -> Result<BudgetRow, Reject> {
    let said: Said =
        serde_json::from_slice(body).map_err(|e| Reject::invalid("body", e.to_string()))?;
    let Said { subject_kind, subject, period, .. } = &said;
    if is_new {
        let kind = subject_kind.ok_or_else(|| Reject::invalid("subjectKind", "expected one"))?;
        let whose = || subject.clone().unwrap_or_else(|| "*".into());
        (row.subject_kind, row.subject) = match kind {
            SubjectKind::Project => ("project".into(), String::new()),
            SubjectKind::User => ("user".into(), whose()),
            SubjectKind::Session => ("session".into(), whose()),
        };
        row.period = match period.ok_or_else(|| Reject::invalid("period", "expected one"))? {
            Period::Day => "day".into(),
            Period::Month => "month".into(),
            Period::Total => "total".into(),
        };
        if kind == SubjectKind::Project && subject.is_some() {
            return Err(Reject::invalid("subject", "expected none of a project's budget"));
        }
    } else if subject_kind.is_some() || subject.is_some() || period.is_some() {
        let why = "expected a name and limits: of what it is cannot be changed";
        return Err(Reject::invalid("body", why));
    }
    row.name = said.name.unwrap_or(row.name);
    if let Some(usd) = said.limit_usd {
        if !(0.0..=MAX_USD).contains(&usd) {
            return Err(Reject::invalid("limitUsd", "expected dollars, up to a million"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is at most a million")]
        let nano = (usd * 1e9).round() as i64;
        row.cost_nano = Some(nano).filter(|nano| *nano > 0);
    }
    if let Some(tokens) = said.limit_tokens {
        if !(0..=MAX_TOKENS).contains(&tokens) {
            return Err(Reject::invalid("limitTokens", "expected a whole number, up to 10^12"));
        }
        row.tokens = Some(tokens).filter(|tokens| *tokens > 0);
    }
    check_name(&row.name)?;
    let length = row.subject.len();
    if length > MAX_INDEXED_BYTES || length == 0 && row.subject_kind != "project" {
        return Err(Reject::invalid("subject", "expected an id, or * for each"));
    }
    if row.cost_nano.is_none() && row.tokens.is_none() {
        return Err(Reject::invalid("limitUsd", "expected a limit above 0, or limitTokens"));
    }
    Ok(row)
}

fn dollars(nano: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "to fifteen digits")]
    let nano = nano as f64;
    nano / 1e9
}

impl<'a> BudgetOut<'a> {
    /// `is_whose`: whether what is spent is of somebody, also where the budget is of each.
    fn of((row, spent): &'a (BudgetRow, Spent), now: Millis, is_whose: bool) -> Self {
        let at = |ms: Millis| time::with_millis(ms.saturating_mul(1_000));
        let (cost, tokens) = *spent;
        let is_known = is_whose || row.subject != "*";
        Self {
            id: &row.id,
            name: &row.name,
            subject_kind: &row.subject_kind,
            subject: Some(&*row.subject).filter(|subject| !subject.is_empty()),
            period: &row.period,
            limit_usd: row.cost_nano.map(dollars),
            limit_tokens: row.tokens,
            spent: is_known.then(|| SpentOut {
                spent_usd: dollars(cost),
                spent_tokens: tokens,
                left_usd: row.cost_nano.map(|limit| dollars(limit.saturating_sub(cost))),
                left_tokens: row.tokens.map(|limit| limit.saturating_sub(tokens)),
            }),
            resets_at: match &*row.period {
                "day" => Some(at(now.div_euclid(DAY_MS) * DAY_MS + DAY_MS)),
                "month" => Some(at(Month::of(now).after(1).start())),
                _ => None,
            },
            created_at: at(row.created_ms),
        }
    }
}
