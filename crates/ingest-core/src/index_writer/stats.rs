//! Counting batches by hour, in the transaction that writes them. What else is
//! counted, and what reads it, is not on the way of a batch.

use std::sync::LazyLock;

use super::Statement;
use super::ledger_row::LedgerRow;
use super::template::expand;
use crate::model::Millis;

/// The beginning of the hour.
#[must_use]
pub fn hour(at: Millis) -> Millis {
    at - at.rem_euclid(3_600_000)
}

/// Counts batches, but those that the ledger has: comes before the ledger's own
/// statement in the transaction. The rows are [`LedgerRow`]s.
#[must_use]
pub fn batches(project: &str, rows: &str, now: Millis) -> Statement {
    static SQL: LazyLock<String> =
        LazyLock::new(|| expand(include_str!("sql/stats.sql"), &[("r", LedgerRow::FIELDS)]));
    Statement {
        sql: SQL.as_str().into(),
        params: vec![project.into(), rows.into(), hour(now).into()],
    }
}
