//! Statements of the cron about limits of traces a month: where all projects stand, whose
//! batches are refused, and who sends an alert.

use serde::Deserialize;

use ingest_core::index_writer::stats::hour;
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

use super::{Statement, decode, json};
use crate::error::Fault;
use crate::model::Millis;

sql_file!(settle_sql, "sql/settle_quotas.sql", &[]);
sql_file!(quotas_sql, "sql/quotas.sql", &[]);
sql_file!(block_sql, "sql/block_projects.sql", &[]);
sql_file!(claim_sql, "sql/claim_alert.sql", &[]);
sql_file!(end_sql, "sql/end_alert.sql", &[]);

/// Nobody writes to an hour any more that ended so long ago: a transaction takes seconds.
const SETTLED_AFTER_MS: Millis = 3_600_000;
/// Who has set out to send an alert and has said nothing for so long is gone: 2 minutes.
const LEASE_MS: Millis = 120_000;

/// Where a project stands in a month.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Standing {
    /// The project.
    pub project: String,
    /// Its name.
    pub name: String,
    /// Percent of the limit for which an alert was sent.
    pub alerted: u32,
    /// Traces so far.
    pub traces: u64,
}

/// Where all projects stand in the month from one time to another, in which `now` is. The
/// last statement's rows say it.
#[must_use]
pub fn select(month: Millis, end: Millis, now: Millis) -> [Statement; 2] {
    let settled = hour(now - SETTLED_AFTER_MS).max(month);
    [
        Statement::new(settle_sql(), vec![month.into(), settled.into()]),
        Statement::new(quotas_sql(), vec![month.into(), end.into()]),
    ]
}

/// The rows of [`select`].
///
/// # Errors
/// [`Fault::Internal`] for a row that is not what was asked for.
pub fn read(rows: &[Vec<String>]) -> Result<Vec<Standing>, Fault> {
    rows.last().into_iter().flatten().map(|row| decode(row)).collect()
}

/// Has the batches of these projects refused until a time, and those of no other.
#[must_use]
pub fn block(projects: &[&str], until: Millis) -> Statement {
    let projects = json(projects);
    Statement::new(block_sql(), vec![projects.into(), until.into()])
}

/// Takes it on to send the alert for so many percent; gives a row to whoever is to do it.
#[must_use]
pub fn claim(project: &str, month: Millis, percent: u32, now: Millis) -> Statement {
    let sql = fill(claim_sql(), &[("LEASE_MS", &LEASE_MS.to_string())]);
    Statement::new(sql, params(project, month, percent, now))
}

/// Notes that the alert was sent that was taken on at a time; or with 0 percent that it was
/// not, and that the next may try.
#[must_use]
pub fn end(project: &str, month: Millis, percent: u32, claimed: Millis) -> Statement {
    Statement::new(end_sql(), params(project, month, percent, claimed))
}

fn params(project: &str, month: Millis, percent: u32, at: Millis) -> Vec<super::Param> {
    vec![project.into(), month.into(), i64::from(percent).into(), at.into()]
}
