//! Routing configurations, as they are stored.

use ingest_core::sql_file;

use super::{Statement, decode};
use crate::error::Fault;

sql_file!(routing_config, "sql/routing_config.sql", &[]);

/// The enabled configuration of a name; without one that named `default`, else the oldest.
#[must_use]
pub fn select_config(project: &str, name: Option<&str>) -> Statement {
    Statement::new(routing_config(), vec![project.into(), name.unwrap_or_default().into()])
}

/// The name of what was found, and its JSON text.
///
/// # Errors
/// [`Fault::Internal`] for a row that is not what was asked for.
pub fn read_config(rows: &[Vec<String>]) -> Result<Option<(String, String)>, Fault> {
    rows.first().and_then(|rows| rows.first()).map(|row| decode(row)).transpose()
}
