//! Alert rules and how they stand, as statements and rows; and what the cron reads to measure
//! them: rollups, the newest trace, dead letters, scores.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::rollups::read_columns;
use super::{Statement, decode};
use crate::error::Fault;
use crate::limits::MAX_ALERTS;
use crate::model::{Micros, Millis};
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::stored_row::{COUNT_BITS, KEY_EPOCH_S, SECOND_BITS, key_second};
use ingest_core::index_writer::template::fill;
use ingest_core::pack::usage::Sums;
use ingest_core::{named_row, sql_file};

sql_file!(enabled_sql, "sql/enabled_alerts.sql", &[]);
sql_file!(all_sql, "sql/alerts.sql", &[]);
sql_file!(insert_sql, "sql/insert_alert.sql", &[("r", AlertRow::FIELDS)]);
sql_file!(update_sql, "sql/update_alert.sql", &[("r", AlertRow::FIELDS)]);
sql_file!(delete_sql, "sql/delete_alert.sql", &[]);
sql_file!(stand_sql, "sql/stand_alert.sql", &[("r", AlertRow::FIELDS)]);
sql_file!(end_sql, "sql/end_notice.sql", &[]);
sql_file!(newest_sql, "sql/newest_trace.sql", &[]);
sql_file!(letters_sql, "sql/count_dead_letters.sql", &[]);
sql_file!(average_sql, "sql/average_score.sql", &[]);

/// Rules that a run of the cron reads, of all projects.
const MAX_READ: usize = 2_000;
/// Scores of which an average is taken, the newest: each is a row that is read.
const MAX_SCORES: usize = 1_000;
/// Dead letters that are counted: no threshold is above it.
pub const MAX_LETTERS: u32 = 1_000;

named_row! {
    /// A rule and how it stands, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct AlertRow {
        pub id: String,
        pub name: String,
        pub kind: String,
        pub period: String,
        pub evaluator: String,
        pub threshold: f64,
        pub min_count: i64,
        pub url: String,
        pub format: String,
        pub cooldown_ms: Millis,
        pub enabled: u8,
        pub created_ms: Millis,
        pub updated_ms: Millis,
        pub version: i64,
        pub firing: u8,
        pub since_ms: Millis,
        pub due: Option<String>,
        pub notice: i64,
        pub value: f64,
        pub retry_ms: Millis,
        pub tries: u32,
        pub sent_ms: Option<Millis>,
        pub error: Option<String>,
    }
}

/// Columns that say how a rule stands, of [`AlertRow::FIELDS`]: from this one on.
const STANDING: &str = "version";

fn filled(sql: &str) -> String {
    let columns = AlertRow::FIELDS.join(", ");
    let of_a: Vec<_> = AlertRow::FIELDS.iter().map(|field| format!("a.{field}")).collect();
    let of_a = of_a.join(", ");
    let value = |(at, field): (usize, &&str)| {
        let value = format!("r.value->>{at}");
        if **field == *STANDING { format!("{value} + 1") } else { value }
    };
    let standing = AlertRow::FIELDS.iter().position(|field| *field == STANDING).unwrap_or_default();
    let join = |values: Vec<String>| values.join(", ");
    let (rule, stands) = AlertRow::FIELDS.split_at(standing);
    let all: Vec<_> = AlertRow::FIELDS.iter().enumerate().map(value).collect();
    let (rule_values, stands_values) = all.split_at(standing);
    let holes = [
        ("TENANT", TENANT),
        ("COLUMNS", &*columns),
        ("COLUMNS_OF_A", &*of_a),
        ("VALUES", &*join(all.clone())),
        ("RULE", &*rule.join(", ")),
        ("RULE_VALUES", &*join(rule_values.to_vec())),
        ("STANDS", &*stands.join(", ")),
        ("STANDS_VALUES", &*join(stands_values.to_vec())),
        ("MOST", &*MAX_ALERTS.to_string()),
        ("READ", &*MAX_READ.to_string()),
        ("LETTERS", &*MAX_LETTERS.to_string()),
        ("SCORES", &*MAX_SCORES.to_string()),
        ("KEY_BITS", &*(SECOND_BITS + COUNT_BITS).to_string()),
        ("COUNT_BITS", &*COUNT_BITS.to_string()),
        ("SECONDS", &*((1_i64 << SECOND_BITS) - 1).to_string()),
    ];
    fill(sql, &holes)
}

fn of(project: &str, sql: &str, more: impl Into<super::Param>) -> Statement {
    Statement::new(filled(sql), vec![project.into(), more.into()])
}

fn json(row: &AlertRow) -> String {
    serde_json::to_string(row).unwrap_or_default()
}

/// The rules of all projects that are switched on: only who serves all of them may ask.
#[must_use]
pub fn select_enabled() -> Statement {
    Statement::new(filled(enabled_sql()), Vec::new())
}

/// What [`select_enabled`] found: each with its project's id and name, project by project.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what was asked for.
pub fn read_enabled(rows: &[String]) -> Result<Vec<(String, String, AlertRow)>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// A project's rules, the oldest first.
#[must_use]
pub fn select_all(project: &str) -> Statement {
    Statement::new(filled(all_sql()), vec![project.into()])
}

/// What [`select_all`] found.
///
/// # Errors
/// As [`read_enabled`].
pub fn read_all(rows: &[String]) -> Result<Vec<AlertRow>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// Stores a new one. Gives nothing where there are too many.
#[must_use]
pub fn insert(project: &str, row: &AlertRow) -> Statement {
    of(project, insert_sql(), json(row))
}

/// Stores what a rule became that was last changed then; how it stands is left, but for one
/// that is switched off. Gives nothing where it was changed since.
#[must_use]
pub fn update(project: &str, row: &AlertRow, was_updated_ms: Millis) -> Statement {
    let mut statement = of(project, update_sql(), json(row));
    statement.params.push(was_updated_ms.into());
    statement
}

/// Forgets one. Gives nothing where there is none.
#[must_use]
pub fn delete(project: &str, id: &str) -> Statement {
    of(project, delete_sql(), id)
}

/// Notes how a rule stands now, where nobody did since it was read. Gives its id if so.
#[must_use]
pub fn stand(project: &str, row: &AlertRow) -> Statement {
    of(project, stand_sql(), json(row))
}

/// Notes what became of a try to send a rule's notice: when it was taken, if that says that it
/// fires, or why it was not.
#[must_use]
pub fn end_notice(
    project: &str,
    (id, notice): (&str, i64),
    taken: Result<Option<Millis>, &str>,
) -> Statement {
    let taken = match taken {
        Ok(sent_ms) => (notice, None, sent_ms),
        Err(why) => (notice, Some(why), None),
    };
    let mut statement = of(project, end_sql(), id);
    statement.params.push(serde_json::to_string(&taken).unwrap_or_default().into());
    statement
}

/// When the newest trace started that has started by now.
#[must_use]
pub fn select_newest(project: &str, now: Millis) -> Statement {
    of(project, newest_sql(), key_second(now.saturating_mul(1_000)))
}

/// What [`select_newest`] found, if there is a trace.
///
/// # Errors
/// As [`read_enabled`].
pub fn read_newest(rows: &[String]) -> Result<Option<Millis>, Fault> {
    let second: Option<i64> = rows.first().map_or(Ok(None), |row| decode(row))?;
    Ok(second.map(|second| (second + KEY_EPOCH_S) * 1_000))
}

/// How many dead letters a project has, up to [`MAX_LETTERS`].
#[must_use]
pub fn select_letters(project: &str) -> Statement {
    Statement::new(filled(letters_sql()), vec![project.into()])
}

/// How many scores of a name there are from a time to another, of the newest, and their
/// average. Clients say when theirs are of, so some may be of a time to come.
#[must_use]
pub fn select_average(project: &str, name: &str, (from, to): (Micros, Micros)) -> Statement {
    let mut statement = of(project, average_sql(), name);
    // Microseconds pass what can be bound.
    statement.params.extend([from.to_string().into(), to.to_string().into()]);
    statement
}

/// What traces come to: each row of [`super::rollups::select_columns`] by itself, with the hour
/// at which it begins.
///
/// # Errors
/// As [`read_enabled`].
pub fn read_sums(rows: &[String]) -> Result<Vec<(i64, Sums)>, Fault> {
    let read = read_columns(rows)?;
    let sum = |(hour, column): (i64, ingest_core::pack::usage::Column)| {
        let mut sums = column.other;
        column.cells.values().for_each(|one| sums.add(one, 1));
        (hour, sums)
    };
    Ok(read.into_iter().map(sum).collect())
}
