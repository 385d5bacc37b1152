//! What a delivery has the database do: read the rows of its traces, fold its events
//! in, write each once. [`delivery`] is those steps, [`stored_row`] a trace's row, [`score_row`]
//! a score's, [`counted`] what rows count as by hour, [`budget`] what is spent of budgets,
//! [`statements`] the SQL, [`stats`] counts, [`word_blocks`] what texts are found by, [`whole_row`] what is checked of what was
//! written. Running statements, and asking the index, is left to others.

pub mod budget;
mod chunks;
pub mod counted;
pub mod delivery;
pub mod guesses;
pub mod ledger_row;
mod rows;
pub mod score_row;
pub mod statements;
pub mod stats;
pub mod stored_row;
pub mod template;
pub mod touched;
pub mod usage;
pub mod whole_row;
pub mod word_blocks;

use std::borrow::Cow;

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
