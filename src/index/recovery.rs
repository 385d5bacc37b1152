//! Statements of what keeps batches from being lost: the sweeper's, the dead
//! letters'. The sweeper serves all projects at once; its statements join
//! tenants' rows by project, and only it may run those.

use ingest_core::sql_file;

use super::batch_row::{BatchRow, to_json};
use super::{Param, Statement, stats};
use crate::batch::BatchRef;
use crate::model::Millis;

sql_file!(sweep_position, "sql/sweep_position.sql", &[]);
sql_file!(move_sweep, "sql/move_sweep.sql", &[]);
sql_file!(overdue, "sql/note_overdue.sql", &[("r", BatchRow::FIELDS)]);
sql_file!(forget_overdue, "sql/forget_overdue.sql", &[]);
sql_file!(owed, "sql/owe.sql", &[]);
sql_file!(owed_no_more, "sql/forget_owed.sql", &[]);
sql_file!(note_sweep, "sql/note_sweep.sql", &[]);
sql_file!(those_due, "sql/due.sql", &[]);
sql_file!(queued, "sql/note_queued.sql", &[("r", BatchRow::FIELDS)]);
sql_file!(record_dead_letter, "sql/bury.sql", &[]);
sql_file!(newest_dead_letters, "sql/dead_letters.sql", &[]);

/// Where the sweeper is in R2: a key, or nothing before its first pass.
#[must_use]
pub fn select_position() -> Statement {
    Statement::new(sweep_position(), Vec::new())
}

/// Notes those of the batches that neither the ledger nor the dead letters
/// know as overdue, and moves the sweeper's position to `to`.
#[must_use]
pub fn note_overdue(batches: &[BatchRef], to: &str, now: Millis) -> Vec<Statement> {
    vec![
        Statement::new(overdue(), vec![to_json(batches).into(), now.into()]),
        Statement::new(move_sweep(), vec![to.into()]),
    ]
}

/// Forgets overdue batches that have been written since, or have been given
/// up; then the rest of those that are due, each as `[object, queued]`: so many
/// that with those queued before, which are yet to be written, they are
/// `waiting`, and in any case `least`. That is the last that a run asks: so it is noted.
#[must_use]
pub fn select_due(now: Millis, waiting: usize, least: usize) -> Vec<Statement> {
    let number = |n: usize| Param::from(i64::try_from(n).unwrap_or(i64::MAX));
    vec![
        Statement::new(forget_overdue(), vec![now.into()]),
        Statement::new(those_due(), vec![now.into(), number(least), number(waiting)]),
        Statement::new(note_sweep(), vec![now.into()]),
    ]
}

/// Notes that these overdue batches were queued, and when they are due again.
#[must_use]
pub fn note_queued(batches: &[BatchRef], now: Millis) -> Vec<Statement> {
    let note = Statement::new(queued(), vec![to_json(batches).into(), now.into()]);
    vec![note, stats::add_swept(to_json(batches), now)]
}

/// Has the sweeper queue a batch at this time, even if it is written by then.
#[must_use]
pub fn owe(batch: &BatchRef, due: Millis) -> Statement {
    let (project, id) = ((&*batch.project).into(), (&*batch.id).into());
    let params = vec![project, id, batch.key().into(), batch.received.into(), due.into()];
    Statement::new(owed(), params)
}

/// Has the sweeper do so no more.
#[must_use]
pub fn owe_no_more(batch: &BatchRef) -> Statement {
    Statement::new(owed_no_more(), vec![(&*batch.project).into(), (&*batch.id).into()])
}

/// Records that a batch could not be written, and why.
#[must_use]
pub fn bury(batch: &BatchRef, reason: &str, attempts: u32, now: Millis) -> Vec<Statement> {
    let params = vec![
        (&*batch.project).into(),
        (&*batch.id).into(),
        batch.key().into(),
        reason.into(),
        i64::from(attempts).into(),
        now.into(),
    ];
    vec![stats::add_dead_letter(batch, now), Statement::new(record_dead_letter(), params)]
}

/// A project's dead letters, the newest first, at most 100: each as one JSON
/// object of the read API.
#[must_use]
pub fn select_dead_letters(project: &str) -> Statement {
    Statement::new(newest_dead_letters(), vec![project.into()])
}

#[cfg(test)]
mod tests {
    use ingest_core::index_writer::template::{is_expanded, unused};

    use super::*;

    #[test]
    fn files_name_fields_that_there_are_and_all_of_them() {
        let files = [include_str!("sql/note_overdue.sql"), include_str!("sql/note_queued.sql")];
        assert_eq!(unused(&files.concat(), ("r", BatchRow::FIELDS)), [""; 0]);
        for sql in [overdue(), queued(), &stats::add_swept(String::new(), 0).sql] {
            assert!(is_expanded(sql) && !sql.contains("--"), "{sql}");
        }
    }
}
