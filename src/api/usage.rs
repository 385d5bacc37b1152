//! What was used, by month: query strings in, JSON out.

use serde::Serialize;

use super::to_json;
use crate::error::{Error, Fault, Reject};
use crate::index::usage::MonthUsage;
use crate::index::{Database, usage};
use crate::model::Millis;
use crate::time::Month;

/// Months of a history, where nothing is said of how many.
const MONTHS: usize = 12;
/// Most months of a history: of each project some 730 rows are added up for each.
const MAX_MONTHS: usize = 24;

/// Whose usage is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// That of a project, whose key somebody has.
    Project(&'a str),
    /// That of all, for the operator.
    All,
}

/// Counts of a month, or of a project in it.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Counts {
    #[serde(rename = "traceCount")]
    traces: u64,
    #[serde(rename = "spanCount")]
    spans: u64,
    #[serde(rename = "evalRunCount")]
    eval_runs: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MonthOut<'a> {
    month: &'a str,
    #[serde(flatten)]
    total: Counts,
    project_breakdown: Vec<ProjectOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProjectOut<'a> {
    project_id: &'a str,
    #[serde(flatten)]
    counts: Counts,
}

/// `GET /api/v1/usage`: the `data` of the answer.
///
/// # Errors
/// 400 for a month that is none; a fault of the database.
pub async fn usage(
    of: Of<'_>,
    query: &str,
    now: Millis,
    db: &impl Database,
) -> Result<String, Error> {
    let asked = parameter(query, "month").map(|month| {
        Month::parse(&month).ok_or_else(|| Reject::invalid("month", "expected YYYY-MM"))
    });
    let month = asked.transpose()?.unwrap_or_else(|| Month::of(now));
    let found = read(of, month.start(), month.after(1).start(), db).await?;
    to_json(&MonthOut::of(&month.text(), &found, of))
}

/// `GET /api/v1/usage/history`: the `data` of the answer, this month first.
///
/// # Errors
/// 400 for a number of months that cannot be; a fault of the database.
pub async fn usage_history(
    of: Of<'_>,
    query: &str,
    now: Millis,
    db: &impl Database,
) -> Result<String, Error> {
    let expected = || Reject::invalid("months", "expected a whole number from 1 to 24");
    let asked = parameter(query, "months").map(|months| {
        let months = months.parse().ok().filter(|months| (1..=MAX_MONTHS).contains(months));
        months.ok_or_else(expected)
    });
    let count = asked.transpose()?.unwrap_or(MONTHS);
    let this = Month::of(now);
    let months: Vec<_> = (0..).map(|back: i64| this.after(-back)).take(count).collect();
    let first = months.last().unwrap_or(&this).start();
    let found = read(of, first, this.after(1).start(), db).await?;
    let texts: Vec<_> = months.iter().map(|month| month.text()).collect();
    to_json(&texts.iter().map(|month| MonthOut::of(month, &found, of)).collect::<Vec<_>>())
}

async fn read(
    of: Of<'_>,
    from: Millis,
    to: Millis,
    db: &impl Database,
) -> Result<Vec<MonthUsage>, Fault> {
    let select = match of {
        Of::Project(project) => usage::select(project, from, to),
        Of::All => usage::select_of_all(from, to),
    };
    usage::read(&db.run(vec![select]).await?.rows)
}

impl<'a> MonthOut<'a> {
    fn of(month: &'a str, found: &'a [MonthUsage], of: Of<'a>) -> Self {
        let mut projects: Vec<_> =
            found.iter().filter(|used| used.month == month).map(ProjectOut::of).collect();
        if let (Of::Project(project_id), true) = (of, projects.is_empty()) {
            projects.push(ProjectOut { project_id, counts: Counts::default() });
        }
        let total =
            projects.iter().fold(Counts::default(), |sum, ProjectOut { counts, .. }| Counts {
                traces: sum.traces + counts.traces,
                spans: sum.spans + counts.spans,
                eval_runs: sum.eval_runs + counts.eval_runs,
            });
        Self { month, total, project_breakdown: projects }
    }
}

impl<'a> ProjectOut<'a> {
    fn of(used: &'a MonthUsage) -> Self {
        let MonthUsage { project, traces, spans, eval_runs, .. } = used;
        let counts = Counts { traces: *traces, spans: *spans, eval_runs: *eval_runs };
        Self { project_id: project, counts }
    }
}

/// The last value of a parameter of a query string; an empty one is none.
fn parameter(query: &str, wanted: &str) -> Option<String> {
    let values = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == wanted);
    values.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty()).last()
}
