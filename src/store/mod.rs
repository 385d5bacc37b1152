//! The index in D1, as pure functions: [`write`] from events to statements,
//! [`query`] from questions to statements, [`read`] from rows to what they
//! mean. Running statements is the port's.

pub mod chart;
pub mod list;
pub mod pack;

pub mod query;
pub mod read;
pub mod rows;
pub mod safety;
pub mod session;
pub mod stat;
pub mod write;

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::Fault;

/// One SQL statement with what is bound to `?1`, `?2`, ….
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The text. Whatever touches a tenant's rows names the project in it.
    pub sql: Cow<'static, str>,
    /// What is bound, in order. D1 takes at most 100.
    pub params: Vec<Param>,
}

/// A bound value. D1 has no 64-bit integers to bind: whatever may pass 2^53
/// goes inside JSON text.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// Text, at most [`crate::limits::MAX_PARAM_BYTES`].
    Text(String),
    /// An integer within ±2^53.
    Int(i64),
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Param {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

/// What a run of statements gave.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ran {
    /// For each statement the text in the column `json` of its rows.
    pub rows: Vec<Vec<String>>,
    /// Rows written, as the platform counts and bills them.
    pub rows_written: u64,
}

/// The database. Implemented over D1 by `edge`, over SQLite by the tests.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Database {
    /// Runs the statements in one transaction: all of them, or none.
    async fn run(&self, statements: Vec<Statement>) -> Result<Ran, Fault>;
}

/// What a span's row holds instead of a parent's or an envelope's id. At a
/// million spans in a trace the odds that any two ids share one are 1 in
/// 37 million, and then one parent would be wrong.
#[must_use]
pub fn link(id: &str) -> i64 {
    xxh3_64(id.as_bytes()).cast_signed()
}

fn decode<T: DeserializeOwned>(row: &str) -> Result<T, Fault> {
    serde_json::from_str(row).map_err(|e| Fault::Internal(format!("a row of the index: {e}")))
}
