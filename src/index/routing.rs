//! Routing configurations, as they are stored.

use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;
use serde_tuple::Deserialize_tuple;

use super::{Statement, decode};
use crate::error::Fault;
use crate::limits::MAX_ROUTING_CONFIGS;
use crate::model::Millis;

sql_file!(routing_config, "sql/routing_config.sql", &[]);
sql_file!(list_sql, "sql/routing_configs.sql", &[]);
sql_file!(one_sql, "sql/routing_config_by_id.sql", &[]);
sql_file!(room_sql, "sql/routing_room.sql", &[]);
sql_file!(insert_sql, "sql/insert_routing_config.sql", &[]);
sql_file!(update_sql, "sql/update_routing_config.sql", &[]);
sql_file!(delete_sql, "sql/delete_routing_config.sql", &[]);

/// A configuration that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize_tuple)]
pub struct StoredConfig {
    /// Its id: those made later come after.
    pub id: String,
    /// Its name, which no other of the project has.
    pub name: String,
    /// 1 where it is used, else 0.
    pub enabled: i64,
    /// What `evaluators::model_routing` reads.
    pub config: String,
    /// When it was made.
    pub created_ms: Millis,
    /// When it was changed; no change leaves it as it was.
    pub updated_ms: Millis,
}

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

/// A page of configurations after an id, and one more.
#[must_use]
pub fn select_list(project: &str, after: &str, limit: usize) -> Statement {
    let sql = fill(list_sql(), &[("MOST", &(limit + 1).to_string())]);
    Statement::new(sql, vec![project.into(), after.into()])
}

/// One, by its id.
#[must_use]
pub fn select_one(project: &str, id: &str) -> Statement {
    Statement::new(one_sql(), vec![project.into(), id.into()])
}

/// The rows of either.
///
/// # Errors
/// [`Fault::Internal`] for a row that is not what was asked for.
pub fn read(rows: &[String]) -> Result<Vec<StoredConfig>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// How many the project has, and whether another than this has the name.
#[must_use]
pub fn select_room(project: &str, name: &str, id: &str) -> Statement {
    Statement::new(room_sql(), vec![project.into(), name.into(), id.into()])
}

/// The row of [`select_room`].
///
/// # Errors
/// [`Fault::Internal`] for a row that is not what was asked for.
pub fn read_room(rows: &[String]) -> Result<(usize, bool), Fault> {
    let row = rows.first().map_or("", String::as_str);
    decode(row).map(|(count, taken): (usize, i64)| (count, taken != 0))
}

/// Makes a configuration where its name is free and there is room; gives a row if so.
#[must_use]
pub fn insert(project: &str, stored: &StoredConfig) -> Statement {
    let sql = fill(insert_sql(), &[("MOST", &MAX_ROUTING_CONFIGS.to_string())]);
    let StoredConfig { id, name, enabled, config, created_ms, .. } = stored;
    let texts = [project, id, name].map(Into::into);
    let rest = [(*enabled).into(), (&**config).into(), (*created_ms).into()];
    Statement::new(sql, texts.into_iter().chain(rest).collect())
}

/// Changes a configuration that still is as it was at a time, where its name is free; gives
/// a row if so.
#[must_use]
pub fn update(project: &str, stored: &StoredConfig, was: Millis) -> Statement {
    let StoredConfig { id, name, enabled, config, updated_ms, .. } = stored;
    let texts = [project, id, name].map(Into::into);
    let rest = [(*enabled).into(), (&**config).into(), (*updated_ms).into(), was.into()];
    Statement::new(update_sql(), texts.into_iter().chain(rest).collect())
}

/// Deletes a configuration; gives a row if there was one.
#[must_use]
pub fn delete(project: &str, id: &str) -> Statement {
    Statement::new(delete_sql(), vec![project.into(), id.into()])
}
