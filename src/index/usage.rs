//! What projects used: sums over the counts by hour, by month.

use serde::Deserialize;

use ingest_core::sql_file;

use super::{Statement, decode};
use crate::error::Fault;
use crate::model::Millis;

sql_file!(usage_sql, "sql/usage.sql", &[]);
sql_file!(usage_of_all_sql, "sql/usage_of_all.sql", &[]);

/// A project's usage in a month.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MonthUsage {
    /// The project.
    pub project: String,
    /// The month in UTC, `2026-11`.
    pub month: String,
    /// Traces.
    pub traces: u64,
    /// Spans.
    pub spans: u64,
    /// Scores that evaluators gave.
    pub eval_runs: u64,
}

/// What a project used in the months from one time to another: their beginnings, the last
/// not included.
#[must_use]
pub fn select(project: &str, from: Millis, to: Millis) -> Statement {
    Statement::new(usage_sql(), vec![project.into(), from.into(), to.into()])
}

/// The same of every project, which only who serves all of them may ask for.
#[must_use]
pub fn select_of_all(from: Millis, to: Millis) -> Statement {
    Statement::new(usage_of_all_sql(), vec![from.into(), to.into()])
}

/// The rows that either gives.
///
/// # Errors
/// [`Fault::Internal`] for a row that is not what was asked for.
pub fn read(rows: &[Vec<String>]) -> Result<Vec<MonthUsage>, Fault> {
    rows.iter().flatten().map(|row| decode(row)).collect()
}
