//! Statements of what was used by hour: what deliveries added, what the cron makes of those,
//! and what pages read of both.

use std::rc::Rc;

use super::{Statement, decode, json};
use crate::error::Fault;
use crate::model::Millis;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::stored_row::{COUNT_BITS, SECOND_BITS, key_second};
use ingest_core::index_writer::template::fill;
use ingest_core::limits::MAX_USAGE_VALUES;
use ingest_core::pack::hex;
pub use ingest_core::pack::usage::{By, Sums};
use ingest_core::pack::usage::{Cells, Column, read_cells};
use ingest_core::sql_file;

sql_file!(due_sql, "sql/due_deliveries.sql", &[]);
sql_file!(deliveries_sql, "sql/deliveries.sql", &[]);
sql_file!(usage_rows_sql, "sql/usage_rows.sql", &[]);
sql_file!(guard_sql, "sql/guard_deliveries.sql", &[]);
sql_file!(guard_usage_sql, "sql/guard_usage.sql", &[]);
sql_file!(write_sql, "sql/write_usage.sql", &[]);
sql_file!(delete_sql, "sql/delete_deliveries.sql", &[]);
sql_file!(columns_sql, "sql/usage_columns.sql", &[]);

/// Deliveries that are read at once, and bytes of them, the last of which may pass that.
const MOST: usize = 600;
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Projects that are looked through for one whose deliveries are due.
const PROJECTS: usize = 2_000;

fn filled(sql: &str) -> String {
    let bits = (SECOND_BITS + COUNT_BITS).to_string();
    let mask = ((1_i64 << (SECOND_BITS + COUNT_BITS)) - 1).to_string();
    let (most, bytes, projects) = (MOST.to_string(), MOST_BYTES.to_string(), PROJECTS.to_string());
    let holes = [
        ("TENANT", TENANT),
        ("KEY_BITS", &*bits),
        ("MASK", &*mask),
        ("MOST", &*most),
        ("BYTES", &*bytes),
        ("PROJECTS", &*projects),
    ];
    fill(sql, &holes)
}

fn damaged(what: impl std::fmt::Display) -> Fault {
    Fault::Internal(format!("a row of the index: {what}"))
}

/// The project that has the oldest delivery but for some that are left out, if that was written
/// before a time: only who serves all of them may ask.
#[must_use]
pub fn select_due(before: Millis, left_out: &[String]) -> Statement {
    let last = key_second(before.saturating_mul(1_000)) << COUNT_BITS;
    Statement::new(filled(due_sql()), vec![last.into(), json(&left_out).into()])
}

/// Deliveries of a project, the oldest first, a number of them.
#[must_use]
pub fn select_deliveries(project: &str) -> Statement {
    Statement::new(filled(deliveries_sql()), vec![project.into()])
}

/// Some deliveries.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// Their keys, as text.
    pub keys: Vec<String>,
    /// What they add up to.
    pub cells: Cells,
    /// Whether there may be more.
    pub more: bool,
}

/// What [`select_deliveries`] found.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_deliveries(rows: &[String]) -> Result<Deliveries, Fault> {
    let (mut read, mut bytes) = (Deliveries::default(), 0);
    for row in rows {
        let (key, usage): (String, String) = decode(row)?;
        let usage = hex::read(&usage).ok_or_else(|| damaged("no digits"))?;
        read_cells(&usage, &mut read.cells).map_err(damaged)?;
        bytes += usage.len();
        read.keys.push(key);
    }
    read.more = rows.len() >= MOST || bytes >= MOST_BYTES;
    Ok(read)
}

/// An hour (1) or a day (24), and the hour since the epoch at which it begins.
pub type Time = (i64, i64);

/// What an hour or a day comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Which it is.
    pub time: Time,
    /// The version of the row; nothing where there is none yet.
    pub was: Option<i64>,
    /// In the order of [`By`].
    pub columns: [Column; By::ALL.len()],
}

impl UsageRow {
    /// One that is not there yet.
    #[must_use]
    pub fn new(time: Time) -> Self {
        Self { time, was: None, columns: Default::default() }
    }

    /// Adds to a value, or takes off.
    pub fn add(&mut self, by: By, value: &Rc<str>, sums: &Sums) {
        if let Some(column) = self.columns.get_mut(by as usize) {
            column.add(value, sums, MAX_USAGE_VALUES);
        }
    }
}

/// The rows of hours and days.
#[must_use]
pub fn select_usage(project: &str, times: &[Time]) -> Statement {
    Statement::new(filled(usage_rows_sql()), vec![project.into(), json(&times).into()])
}

/// What [`select_usage`] found.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_usage(rows: &[String]) -> Result<Vec<UsageRow>, Fault> {
    let read = |row: &String| {
        let (time, was, columns): (Time, i64, [String; By::ALL.len()]) = decode(row)?;
        let mut usage = UsageRow { was: Some(was), ..UsageRow::new(time) };
        for (column, digits) in usage.columns.iter_mut().zip(&columns) {
            *column = read_column(digits)?;
        }
        Ok(usage)
    };
    rows.iter().map(read).collect()
}

fn read_column(digits: &str) -> Result<Column, Fault> {
    let bytes = hex::read(digits).ok_or_else(|| damaged("no digits"))?;
    Column::read(&bytes).map_err(damaged)
}

/// Puts rows in the place of deliveries, where all of those are there and the rows are as they
/// were read; fails with a conflict else.
#[must_use]
pub fn compact(project: &str, keys: &[String], rows: &[UsageRow]) -> Vec<Statement> {
    let of =
        |sql: &str, text: String| Statement::new(filled(sql), vec![project.into(), text.into()]);
    let versions: Vec<_> = rows.iter().map(|row| (row.time.0, row.time.1, row.was)).collect();
    let mut all = vec![of(guard_sql(), json(&keys)), of(guard_usage_sql(), json(&versions))];
    // A row for each statement: it may have a hundred kilobytes.
    all.extend(rows.iter().map(|row| {
        let columns = row.columns.each_ref().map(|column| hex::write(&column.write()));
        of(write_sql(), json(&(row.time, columns)))
    }));
    all.push(of(delete_sql(), json(&keys)));
    all
}

/// Hours since the epoch, the last not included.
pub type Hours = std::ops::Range<i64>;

/// What hours come to by one thing: the days in them, and the hours before and after those.
#[must_use]
pub fn select_columns(project: &str, by: By, of: &[Hours]) -> Statement {
    let column = match by {
        By::Model => "models",
        By::Name => "names",
        By::User => "users",
        By::Tag => "tags",
        By::Error => "errors",
    };
    let parts: Vec<_> = of.iter().flat_map(parts).collect();
    let sql = fill(&filled(columns_sql()), &[("COLUMN", column)]);
    Statement::new(sql, vec![project.into(), json(&parts).into()])
}

/// Days, and hours around them: the length of each, and from when to when.
fn parts(of: &Hours) -> [(i64, i64, i64); 3] {
    let first = (of.start + 23).div_euclid(24) * 24;
    let last = of.end.div_euclid(24) * 24;
    if first >= last {
        return [(1, of.start, of.end), (24, 0, 0), (1, 0, 0)];
    }
    [(1, of.start, first), (24, first, last), (1, last, of.end)]
}

/// What [`select_columns`] found: each with the hour at which it begins.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_columns(rows: &[String]) -> Result<Vec<(i64, Column)>, Fault> {
    let read = |row: &String| {
        let (hour, digits): (i64, String) = decode(row)?;
        Ok((hour, read_column(&digits)?))
    };
    rows.iter().map(read).collect()
}

/// The hour at which it begins, a value or nothing for all that are not kept apart, and what that
/// came to.
pub type Part = (i64, Option<Rc<str>>, Sums);

/// What hours come to by one thing: what [`select_columns`] found of it, and what deliveries add
/// that are not in that yet, also of other hours.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_parts(rows: &[String], late: &Cells, by: By) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    for (hour, column) in read_columns(rows)? {
        parts.extend(column.cells.into_iter().map(|(value, sums)| (hour, Some(value), sums)));
        parts.push((hour, None, column.other));
    }
    let late = late.0.iter().filter(|(key, _)| key.by == by);
    parts.extend(late.map(|(key, sums)| (key.hour, Some(Rc::clone(&key.value)), sums.clone())));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_the_hours_around_them_are_each_hour_once() {
        for (from, to) in [(0, 48), (5, 20), (5, 24), (5, 60), (24, 49), (30, 47), (7, 7)] {
            let mut hours: Vec<i64> = parts(&(from..to))
                .into_iter()
                .flat_map(|(length, from, to)| {
                    let starts = (from..to).step_by(usize::try_from(length).unwrap());
                    starts.flat_map(move |start| start..start + length)
                })
                .collect();
            hours.sort_unstable();
            assert_eq!(hours, (from..to).collect::<Vec<_>>());
        }
    }
}
