//! The index in D1, as pure functions: [`query`] from questions to statements,
//! [`read`] and [`found`] from rows to what they mean. The statements that write events are
//! [`ingest_core::index_writer`]'s, running statements is the port's.

pub mod alerts;
pub mod batch_row;
pub mod budgets;
pub mod chart;
pub mod evaluators;
pub mod filter;
pub mod found;
pub mod health;
pub mod own_prices;
pub mod packed;
pub mod project_settings;
pub mod query;
pub mod quota;
pub mod read;
pub mod recovery;
pub mod rollups;
pub mod routing;
pub mod score_results;
pub mod scores;
pub mod sessions;
pub mod shares;
pub mod sorting;
pub mod spans;
pub mod stats;
pub mod traces;
pub mod usage;
pub mod verification;
pub mod words;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use ingest_core::fold::link;
pub use ingest_core::index_writer::delivery::RowBounds;
pub use ingest_core::index_writer::{Param, Statement};

use crate::error::Fault;

/// What a run of statements gave.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct QueryResults {
    /// For each statement the text in the column `json` of its rows.
    pub rows: Vec<Vec<String>>,
    /// Rows written, as the platform counts and bills them.
    pub rows_written: u64,
    /// The size of the database; 0 where nobody says.
    pub database_bytes: u64,
}

/// The database. Implemented over D1 by `edge`, over SQLite by the tests.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Database {
    /// Runs the statements in one transaction: all of them, or none.
    async fn run(&self, statements: Vec<Statement>) -> Result<QueryResults, Fault>;

    /// How much of a trace's spans one row is to hold.
    fn row_bounds(&self) -> RowBounds {
        RowBounds::default()
    }
}

/// A row of the index: the JSON in its column `json`.
///
/// # Errors
/// [`Fault::Internal`] when it is not what was asked for.
pub fn decode<T: DeserializeOwned>(row: &str) -> Result<T, Fault> {
    serde_json::from_str(row).map_err(|e| Fault::Internal(format!("a row of the index: {e}")))
}

/// A value as the JSON text of a parameter.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
