//! What scores come to over time, by evaluator, as statements that read a bounded number of
//! rows: the newest scores of a range, along their index by time.

use serde_tuple::Deserialize_tuple;

use super::chart::{Extent, Plan, Scope};
use super::query::Builder;
use super::{QueryResults, Statement, decode};
use crate::error::Fault;
use crate::model::Micros;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

sql_file!(extent_sql, "sql/score_extent.sql", &[]);
sql_file!(results_sql, "sql/score_results.sql", &[]);

/// Scores that are read, at most: each is a row, and D1 bills each.
pub const MAX_SCORES_READ: i64 = 20_000;

/// Evaluators that are given, at most: a client may name each of its scores otherwise.
pub const MAX_EVALUATORS: usize = 100;

/// The least value that passes.
pub const PASSES: f64 = 0.5;

fn range(sql: &mut Builder, from: Option<Micros>, to: Option<Micros>) -> String {
    let from = sql.bind_time(from.unwrap_or(Micros::MIN));
    let to = sql.bind_time(to.unwrap_or(Micros::MAX));
    format!("c.project = {TENANT} and c.deleted = 0 and c.at_us >= {from} and c.at_us <= {to}")
}

/// Counts the scores of a range, and asks how far back those that are read go.
#[must_use]
pub fn select_extent(project: &str, from: Option<Micros>, to: Option<Micros>) -> Statement {
    let mut sql = Builder::new(project);
    let range = range(&mut sql, from, to);
    let holes = [("RANGE", &*range), ("ROWS", &*MAX_SCORES_READ.to_string())];
    Statement::new(fill(extent_sql(), &holes), sql.params)
}

/// The scores of a range that are read, cut up by time.
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets {
    /// How they are cut up.
    pub plan: Plan,
    /// Whether older ones are left out.
    pub cut: bool,
}

/// What [`select_extent`] found, cut up.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_extent(
    ran: &QueryResults,
    from: Option<Micros>,
    to: Option<Micros>,
    now: Micros,
) -> Result<Buckets, Fault> {
    let row = ran.rows.first().and_then(|rows| rows.first());
    let row = row.ok_or_else(|| Fault::Internal("an extent is one row".into()))?;
    let (scores, oldest): (i64, Option<Micros>) = decode(row)?;
    let cut = scores >= MAX_SCORES_READ;
    let scope = Scope { from: if cut { oldest } else { from }, to, oldest: None };
    // As far as the plan is concerned every one is read.
    let extent = Extent { traces: 0, newest: None, counted_to: None, oldest };
    Ok(Buckets { plan: Plan::new(scope, now, &extent), cut })
}

/// An evaluator's scores in a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize_tuple)]
pub struct Results {
    /// The bucket's place.
    pub bucket: usize,
    /// How many there are.
    pub scores: i64,
    /// How many of them have a value.
    pub valued: i64,
    /// What the values add up to.
    pub total: f64,
    /// How many of the values are at least [`PASSES`].
    pub passed: i64,
    /// The least value.
    pub least: Option<f64>,
    /// The greatest value.
    pub greatest: Option<f64>,
}

impl Results {
    /// What the values are on average.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of scores")]
    pub fn mean(&self) -> Option<f64> {
        (self.valued > 0).then(|| self.total / self.valued as f64)
    }

    /// What one score comes to, which may have no value.
    #[must_use]
    pub fn of(value: Option<f64>) -> Self {
        let valued = i64::from(value.is_some());
        let passed = i64::from(value.is_some_and(|value| value >= PASSES));
        let total = value.unwrap_or_default();
        Self { bucket: 0, scores: 1, valued, total, passed, least: value, greatest: value }
    }

    /// All of these together.
    #[must_use]
    pub fn sum(results: &[Self]) -> Self {
        let add = |all: Self, one: &Self| Self {
            bucket: 0,
            scores: all.scores + one.scores,
            valued: all.valued + one.valued,
            total: all.total + one.total,
            passed: all.passed + one.passed,
            least: all.least.into_iter().chain(one.least).reduce(f64::min),
            greatest: all.greatest.into_iter().chain(one.greatest).reduce(f64::max),
        };
        results.iter().fold(Self::default(), add)
    }
}

/// Adds the scores up by evaluator and bucket.
#[must_use]
pub fn select_results(project: &str, buckets: &Buckets) -> Statement {
    let Plan { from, width, buckets, scope, .. } = &buckets.plan;
    let mut sql = Builder::new(project);
    let range = range(&mut sql, scope.from, scope.to);
    let (from, width) = (sql.bind_time(*from), sql.bind_time(*width));
    let holes = [
        ("RANGE", &*range),
        ("ROWS", &*MAX_SCORES_READ.to_string()),
        ("FROM", &from),
        ("WIDTH", &width),
        ("LAST", &buckets.saturating_sub(1).to_string()),
        ("EVALUATORS", &(MAX_EVALUATORS + 1).to_string()),
    ];
    Statement::new(fill(results_sql(), &holes), sql.params)
}

/// What [`select_results`] found: evaluators, each with what its scores come to.
///
/// # Errors
/// As [`read_extent`].
pub fn read_results(ran: &QueryResults) -> Result<Vec<(String, Vec<Results>)>, Fault> {
    ran.rows.first().into_iter().flatten().map(|row| decode(row)).collect()
}
