//! Stored evaluators, and what became of them on traces, as statements and rows.

use std::collections::HashMap;

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::{Statement, decode, json};
use crate::error::Fault;
use crate::limits::MAX_EVALUATORS;
use crate::model::Millis;
use ingest_core::fold::compact_id::{pack, unpack};
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::template::fill;
use ingest_core::{named_row, sql_file};

sql_file!(all_sql, "sql/evaluators.sql", &[]);
sql_file!(insert_sql, "sql/insert_evaluator.sql", &[("r", EvaluatorRow::FIELDS)]);
sql_file!(update_sql, "sql/update_evaluator.sql", &[("r", EvaluatorRow::FIELDS)]);
sql_file!(delete_sql, "sql/delete_evaluator.sql", &[]);
sql_file!(evaluations_sql, "sql/evaluations.sql", &[]);
sql_file!(versions_sql, "sql/trace_versions.sql", &[]);
sql_file!(write_sql, "sql/write_evaluations.sql", &[("r", EvaluationRow::FIELDS)]);
sql_file!(claim_call_sql, "sql/claim_call.sql", &[("r", EvaluationRow::FIELDS)]);
sql_file!(claim_day_sql, "sql/claim_day.sql", &[]);

/// Most evaluations that are given with a trace, and looked at before it is judged again:
/// each evaluator has up to two hundred spans of it.
pub const MAX_OF_TRACE: usize = 10_000;

named_row! {
    /// An evaluator, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct EvaluatorRow {
        pub id: String,
        pub name: String,
        pub r#type: String,
        pub config: String,
        pub enabled: u8,
        pub auto_run: u8,
        pub target: String,
        pub filter: String,
        pub sample_rate: f64,
        pub max_runs_per_day: Option<u32>,
        pub version: u32,
        pub created_ms: Millis,
        pub updated_ms: Millis,
    }
}

impl EvaluatorRow {
    /// One of which nothing is said yet: the rest is as it is of most.
    #[must_use]
    pub fn new(id: String, now: Millis) -> Self {
        Self {
            id,
            name: String::new(),
            r#type: String::new(),
            config: "{}".into(),
            enabled: 1,
            auto_run: 1,
            target: "trace".into(),
            filter: "{}".into(),
            sample_rate: 1.0,
            max_runs_per_day: None,
            version: 1,
            created_ms: now,
            updated_ms: now,
        }
    }
}

named_row! {
    /// What became of an evaluator, named as the columns are. Ids are as they are sent.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct EvaluationRow {
        pub trace: String,
        pub evaluator: String,
        pub version: u32,
        pub span: String,
        pub name: String,
        pub status: String,
        pub message: Option<String>,
        pub input: Option<String>,
        pub failures: u32,
        pub calls: u32,
        pub as_of_ms: Millis,
    }
}

/// The fields as columns of their table.
fn columns(fields: &[&str]) -> String {
    fields.iter().map(|field| field.trim_start_matches("r#")).collect::<Vec<_>>().join(", ")
}

/// The fields as values of a row that is bound.
fn values(fields: &[&str]) -> String {
    let value = |(at, _)| format!("r.value->>{at}");
    fields.iter().enumerate().map(value).collect::<Vec<_>>().join(", ")
}

fn filled(sql: &str, fields: &[&str]) -> String {
    let most = MAX_OF_TRACE.to_string();
    let (columns, values) = (columns(fields), values(fields));
    let holes = [
        ("TENANT", TENANT),
        ("FIELDS", &*columns),
        ("COLUMNS", &*columns),
        ("VALUES", &*values),
        ("MOST", &*most),
    ];
    fill(sql, &holes)
}

/// The project's evaluators, the oldest first.
#[must_use]
pub fn select_all(project: &str) -> Statement {
    Statement::new(filled(all_sql(), EvaluatorRow::FIELDS), vec![project.into()])
}

/// What [`select_all`] found.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what was asked for.
pub fn read_all(rows: &[String]) -> Result<Vec<EvaluatorRow>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// Stores a new one. Gives nothing where there is one of its name, or too many.
#[must_use]
pub fn insert(project: &str, row: &EvaluatorRow) -> Statement {
    let most = i64::try_from(MAX_EVALUATORS).unwrap_or(i64::MAX);
    let sql = filled(insert_sql(), EvaluatorRow::FIELDS);
    Statement::new(sql, vec![project.into(), json(row).into(), most.into()])
}

/// Stores what one became that was last changed then. Gives nothing where it was changed
/// since, or another has its name.
#[must_use]
pub fn update(project: &str, row: &EvaluatorRow, was_updated_ms: Millis) -> Statement {
    let sql = filled(update_sql(), EvaluatorRow::FIELDS);
    Statement::new(sql, vec![project.into(), json(row).into(), was_updated_ms.into()])
}

/// Forgets one. Gives nothing where there is none.
#[must_use]
pub fn delete(project: &str, id: &str) -> Statement {
    Statement::new(delete_sql(), vec![project.into(), id.into()])
}

/// What became of evaluators on a trace, at most [`MAX_OF_TRACE`].
#[must_use]
pub fn select_of_trace(project: &str, trace: &str) -> Statement {
    let sql = filled(evaluations_sql(), EvaluationRow::FIELDS);
    Statement::new(sql, vec![project.into(), (&*pack(trace)).into()])
}

/// What [`select_of_trace`] found.
///
/// # Errors
/// As [`read_all`].
pub fn read_of_trace(rows: &[String]) -> Result<Vec<EvaluationRow>, Fault> {
    let unpacked = |row: EvaluationRow| EvaluationRow {
        trace: unpack(row.trace),
        span: if row.span.is_empty() { row.span } else { unpack(row.span) },
        ..row
    };
    rows.iter().map(|row| Ok(unpacked(decode(row)?))).collect()
}

/// The versions of traces' rows.
#[must_use]
pub fn select_versions<'t>(project: &str, traces: impl Iterator<Item = &'t str>) -> Statement {
    let ids: Vec<_> = traces.map(|id| pack(id).to_string()).collect();
    Statement::new(filled(versions_sql(), &[]), vec![project.into(), json(&ids).into()])
}

/// What [`select_versions`] found, by the traces' ids.
///
/// # Errors
/// As [`read_all`].
pub fn read_versions(rows: &[String]) -> Result<HashMap<String, i64>, Fault> {
    let unpacked = |(id, version): (String, i64)| (unpack(id), version);
    rows.iter().map(|row| decode(row).map(unpacked)).collect()
}

/// Writes what became of evaluators.
#[must_use]
pub fn write(project: &str, rows: &[EvaluationRow]) -> Vec<Statement> {
    let sql = filled(write_sql(), EvaluationRow::FIELDS);
    let rows: Vec<_> = rows.iter().map(packed).collect();
    // Each has at most a few kilobytes.
    let some = rows.chunks(ROWS_WRITTEN);
    some.map(|rows| Statement::new(sql.clone(), vec![project.into(), json(&rows).into()])).collect()
}

/// Rows in one parameter.
const ROWS_WRITTEN: usize = 500;

fn packed(row: &EvaluationRow) -> EvaluationRow {
    let span = if row.span.is_empty() { String::new() } else { pack(&row.span).into() };
    EvaluationRow { trace: pack(&row.trace).into(), span, ..row.clone() }
}

/// Counts a call for a score, of which there may be so many. Gives nothing where that is one
/// too many.
#[must_use]
pub fn claim_call(project: &str, row: &EvaluationRow, most: u32) -> Statement {
    let sql = filled(claim_call_sql(), &[]);
    Statement::new(sql, vec![project.into(), json(&packed(row)).into(), i64::from(most).into()])
}

/// Counts a call of an evaluator on a day (days since the epoch), likewise.
#[must_use]
pub fn claim_day(project: &str, evaluator: &str, day: i64, most: u32) -> Statement {
    let params = vec![project.into(), evaluator.into(), day.into(), i64::from(most).into()];
    Statement::new(claim_day_sql(), params)
}
