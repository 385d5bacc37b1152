//! Counting by hour, in the transaction that writes what is counted: batches, and what they
//! add to the index. What else is counted, and what reads it, is not on the way of a batch.

use super::Statement;
use super::ledger_row::LedgerRow;
use super::statements::TENANT;
use super::template::fill;
use super::usage::Usage;
use crate::model::Millis;
use crate::sql_file;

sql_file!(batches_sql, "sql/stats.sql", &[("r", LedgerRow::FIELDS)]);
sql_file!(eval_runs_sql, "sql/count_eval_runs.sql", &[]);

/// The beginning of the hour.
#[must_use]
pub fn hour(at: Millis) -> Millis {
    at - at.rem_euclid(3_600_000)
}

/// Counts batches, but those that the ledger has, and what the transaction adds to the
/// index: comes before the ledger's own statement in it. The rows are [`LedgerRow`]s.
#[must_use]
pub fn batches(project: &str, rows: &str, added: Usage, now: Millis) -> Statement {
    let Usage { traces, spans } = added;
    let params = vec![project.into(), rows.into(), hour(now).into(), traces.into(), spans.into()];
    Statement::new(batches_sql(), params)
}

/// Counts scores of evaluators whose ids are new: comes before the statement that writes them,
/// in the same transaction. JSON of their ids.
#[must_use]
pub fn eval_runs(project: &str, ids: String, now: Millis) -> Statement {
    let sql = fill(eval_runs_sql(), &[("TENANT", TENANT)]);
    Statement::new(sql, vec![project.into(), ids.into(), hour(now).into()])
}
