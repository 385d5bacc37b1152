//! What a project has set that counts when its traces are written, in one statement: most
//! projects have set nothing, and each statement costs a delivery time.

use ingest_core::sql_file;
use prices::price::overrides::Overrides;

use super::Statement;
use super::budgets::{Budget, read_kept};
use super::own_prices::read_overrides;
use crate::error::Fault;

sql_file!(settings_sql, "sql/project_settings.sql", &[]);

/// What a project has set.
#[derive(Debug, Clone, Default)]
pub struct ProjectSettings {
    /// Whether it has an evaluator that runs where a trace asks for none.
    pub evaluates: bool,
    /// Its own prices.
    pub prices: Overrides,
    /// Its budgets.
    pub budgets: Vec<Budget>,
}

/// What the project has set; no row where that is nothing.
#[must_use]
pub fn select(project: &str) -> Statement {
    Statement::new(settings_sql(), vec![project.into()])
}

/// What [`select`] found.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what was asked for.
pub fn read(mut rows: Vec<String>) -> Result<ProjectSettings, Fault> {
    let found = rows.len();
    rows.retain(|row| row != "null");
    let evaluates = rows.len() < found;
    let (budgets, prices): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.starts_with('['));
    let (budgets, prices) = (read_kept(&budgets)?, read_overrides(&prices)?);
    Ok(ProjectSettings { evaluates, prices, budgets })
}
