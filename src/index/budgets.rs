//! Budgets and what is spent of them, as statements and rows.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::{Statement, decode};
use crate::error::Fault;
use crate::limits::MAX_BUDGETS;
use crate::model::Millis;
pub use ingest_core::index_writer::budget::Budget;
use ingest_core::index_writer::budget::period_hour;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::template::fill;
use ingest_core::{named_row, sql_file};

sql_file!(kept_sql, "sql/kept_budgets.sql", &[]);
sql_file!(spent_sql, "sql/budgets.sql", &[("r", Asked::FIELDS)]);
sql_file!(insert_sql, "sql/insert_budget.sql", &[("r", BudgetRow::FIELDS)]);
sql_file!(update_sql, "sql/update_budget.sql", &[("r", BudgetRow::FIELDS)]);
sql_file!(delete_sql, "sql/delete_budget.sql", &[]);
sql_file!(forget_spent_sql, "sql/forget_spent.sql", &[]);

named_row! {
    /// A budget, named as the columns are.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct BudgetRow {
        pub id: String,
        pub name: String,
        pub subject_kind: String,
        pub subject: String,
        pub period: String,
        pub cost_nano: Option<i64>,
        pub tokens: Option<i64>,
        pub created_ms: Millis,
    }
}

/// Cost in billionths of a dollar, and tokens.
pub type Spent = (i64, i64);

named_row! {
    /// What is asked for: the beginnings of the day and the month, and of whom.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize_tuple)]
    struct Asked {
        day: i64,
        month: i64,
        user: Option<String>,
        session: Option<String>,
        all: bool,
    }
}

fn filled(sql: &str) -> String {
    let columns = BudgetRow::FIELDS.join(", ");
    let of_b: Vec<_> = BudgetRow::FIELDS.iter().map(|field| format!("b.{field}")).collect();
    let values: Vec<_> = (0..BudgetRow::FIELDS.len()).map(|at| format!("r.value->>{at}")).collect();
    let holes = [
        ("TENANT", TENANT),
        ("COLUMNS", &*columns),
        ("COLUMNS_OF_B", &*of_b.join(", ")),
        ("VALUES", &*values.join(", ")),
        ("MOST", &*MAX_BUDGETS.to_string()),
    ];
    fill(sql, &holes)
}

fn json(row: &impl serde::Serialize) -> String {
    serde_json::to_string(row).unwrap_or_default()
}

/// A project's budgets as the consumer counts for them: no row where it has none.
#[must_use]
pub fn select_kept(project: &str) -> Statement {
    Statement::new(kept_sql(), vec![project.into()])
}

/// What [`select_kept`] found.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what was asked for.
pub fn read_kept(rows: &[String]) -> Result<Vec<Budget>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// A project's budgets, the oldest first, each with what is spent of it in the period that runs;
/// nothing of those that are of each user or session.
#[must_use]
pub fn select_all(project: &str, now: Millis) -> Statement {
    select(project, now, Asked { all: true, ..Asked::default() })
}

/// Those that are the project's, a user's and a session's, and what these have spent.
#[must_use]
pub fn select_of(
    project: &str,
    now: Millis,
    user: Option<&str>,
    session: Option<&str>,
) -> Statement {
    let [user, session] = [user, session].map(|id| id.map(str::to_owned));
    select(project, now, Asked { user, session, ..Asked::default() })
}

fn select(project: &str, now: Millis, asked: Asked) -> Statement {
    let (day, month) = (period_hour("day", now), period_hour("month", now));
    let asked = Asked { day, month, ..asked };
    Statement::new(filled(spent_sql()), vec![project.into(), json(&asked).into()])
}

/// What [`select_all`] or [`select_of`] found.
///
/// # Errors
/// As [`read_kept`].
pub fn read(rows: &[String]) -> Result<Vec<(BudgetRow, Spent)>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// Stores a new one. Gives nothing where there are too many.
#[must_use]
pub fn insert(project: &str, row: &BudgetRow) -> Statement {
    Statement::new(filled(insert_sql()), vec![project.into(), json(row).into()])
}

/// Stores another name and other limits of one. Gives nothing where there is none.
#[must_use]
pub fn update(project: &str, row: &BudgetRow) -> Statement {
    Statement::new(filled(update_sql()), vec![project.into(), json(row).into()])
}

/// Forgets one, and what is spent of it. The first gives nothing where there is none.
#[must_use]
pub fn delete(project: &str, id: &str) -> [Statement; 2] {
    [delete_sql(), forget_spent_sql()]
        .map(|sql| Statement::new(filled(sql), vec![project.into(), id.into()]))
}
