//! From batches' events to the statements that merge them into D1: [`rows`] folds
//! the events, [`statements`] binds the rows and has the SQL, [`stats`] counts,
//! [`compact_id`] makes ids short. Running statements, and asking the index, is left to others.

pub mod compact_id;
mod cut;
pub mod ledger_row;
pub mod rows;
pub mod sent;
pub mod span_row;
pub mod statements;
pub mod stats;
pub mod template;
pub mod trace_row;

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

/// One SQL statement with what is bound to `?1`, `?2`, ….
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The text. Whatever touches a tenant's rows names the project in it.
    pub sql: Cow<'static, str>,
    /// What is bound, in order. D1 takes at most 100.
    pub params: Vec<Param>,
}

impl Statement {
    /// A statement with what is bound to it.
    pub fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params }
    }
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

/// What a span's row holds instead of a parent's or an envelope's id. At a
/// million spans in a trace the odds that any two ids share one are 1 in
/// 37 million, and then one parent would be wrong.
#[must_use]
pub fn link(id: &str) -> i64 {
    xxh3_64(id.as_bytes()).cast_signed()
}
