//! Statements of the counts by hour, but those of batches, which are written
//! with them ([`ingest_core::index_writer::stats`]).

use ingest_core::index_writer::stats::hour;
use ingest_core::sql_file;

use super::Statement;
use super::batch_row::BatchRow;
use crate::batch::BatchRef;
use crate::model::Millis;

sql_file!(count_dead_letter, "sql/count_dead_letter.sql", &[]);
sql_file!(count_swept, "sql/count_swept.sql", &[("r", BatchRow::FIELDS)]);
sql_file!(count_rejected, "sql/count_rejected.sql", &[]);
sql_file!(rejected_sql, "sql/rejected.sql", &[]);
sql_file!(newest_hours, "sql/hours.sql", &[]);

/// Counts a batch that became a dead letter, unless it was one already: comes
/// before the statement that records it.
#[must_use]
pub fn add_dead_letter(batch: &BatchRef, now: Millis) -> Statement {
    let params = vec![(&*batch.project).into(), (&*batch.id).into(), hour(now).into()];
    Statement::new(count_dead_letter(), params)
}

/// Counts batches that the sweeper queued: rows as [`super::batch_row::to_json`]
/// makes them.
#[must_use]
pub fn add_swept(rows: String, now: Millis) -> Statement {
    Statement::new(count_swept(), vec![rows.into(), hour(now).into()])
}

/// Counts rejected requests of a project: in the order of
/// [`crate::telemetry::rejection_counts::Reason`].
#[must_use]
pub fn add_rejected(project: &str, counts: [i64; 5], now: Millis) -> Statement {
    let first = [project.into(), hour(now).into()];
    let params = first.into_iter().chain(counts.map(Into::into)).collect();
    Statement::new(count_rejected(), params)
}

/// A project's newest hours, at most a week: each as one JSON object of the
/// read API.
#[must_use]
pub fn select_hours(project: &str) -> Statement {
    Statement::new(newest_hours(), vec![project.into()])
}

/// What was refused of a project since a time: one row, in the order of
/// [`crate::telemetry::rejection_counts::Reason`].
#[must_use]
pub fn select_rejected(project: &str, since: Millis) -> Statement {
    Statement::new(rejected_sql(), vec![project.into(), since.into()])
}
