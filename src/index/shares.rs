//! Links that show one trace to people without a key, as they are stored.

use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;
use serde_tuple::Deserialize_tuple;

use super::{Statement, decode};
use crate::error::Fault;
use crate::model::Millis;

sql_file!(insert_sql, "sql/insert_share.sql", &[]);
sql_file!(end_sql, "sql/end_shares.sql", &[]);
sql_file!(list_sql, "sql/shares.sql", &[]);
sql_file!(one_sql, "sql/share.sql", &[]);
sql_file!(revoke_sql, "sql/revoke_share.sql", &[]);

/// Most links of a project that show something: so many are told of on one page.
pub const MAX_SHARES: usize = 200;

/// A link to a trace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize_tuple)]
pub struct Share {
    /// Its id, random.
    pub id: String,
    /// The id of the trace that it shows.
    pub trace: String,
    /// The id of the key that made it.
    pub key_id: String,
    /// When it was made.
    pub created_ms: Millis,
    /// From when on it shows nothing.
    pub ends_ms: Millis,
}

/// Makes one, after those are gone that have ended. The second result has a row where there
/// was room.
#[must_use]
pub fn insert(project: &str, share: &Share) -> Vec<Statement> {
    let Share { id, trace, key_id, created_ms, ends_ms } = share;
    let (id, trace, key_id) = ((&**id).into(), (&**trace).into(), (&**key_id).into());
    let params = vec![project.into(), id, trace, key_id, (*created_ms).into(), (*ends_ms).into()];
    let sql = fill(insert_sql(), &[("MOST", &MAX_SHARES.to_string())]);
    vec![
        Statement::new(end_sql(), vec![project.into(), (*created_ms).into()]),
        Statement::new(sql, params),
    ]
}

/// All of a project that show something at this time.
#[must_use]
pub fn select_all(project: &str, now: Millis) -> Statement {
    Statement::new(list_sql(), vec![project.into(), now.into()])
}

/// One, if it shows something at this time.
#[must_use]
pub fn select(project: &str, id: &str, now: Millis) -> Statement {
    Statement::new(one_sql(), vec![project.into(), id.into(), now.into()])
}

/// The rows of either.
///
/// # Errors
/// [`Fault::Internal`] for a row that is not what was asked for.
pub fn read(rows: &[String]) -> Result<Vec<Share>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// Takes one away.
#[must_use]
pub fn revoke(project: &str, id: &str) -> Statement {
    Statement::new(revoke_sql(), vec![project.into(), id.into()])
}
