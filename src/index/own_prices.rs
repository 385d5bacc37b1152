//! Prices that projects set, as they are stored.

use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;
use prices::price::overrides::{Overrides, read_prices};
use serde_json::Value;

use super::{Statement, decode};
use crate::error::Fault;
use crate::limits::MAX_PRICES;
use crate::model::Millis;

sql_file!(prices_sql, "sql/prices.sql", &[]);
sql_file!(set_sql, "sql/set_price.sql", &[]);
sql_file!(remove_sql, "sql/remove_price.sql", &[]);

/// All that a project has set, an object each: no row where it has set none.
#[must_use]
pub fn select_prices(project: &str) -> Statement {
    Statement::new(prices_sql(), vec![project.into()])
}

/// Sets a price; gives no row where the project has as many as it may.
#[must_use]
pub fn set_price(project: &str, pattern: &str, from: &str, prices: &str, now: Millis) -> Statement {
    let sql = fill(set_sql(), &[("MOST", &MAX_PRICES.to_string())]);
    let params = vec![project.into(), pattern.into(), from.into(), prices.into(), now.into()];
    Statement::new(sql, params)
}

/// Removes a price; gives no row where there is none.
#[must_use]
pub fn remove_price(project: &str, pattern: &str, from: &str) -> Statement {
    Statement::new(remove_sql(), vec![project.into(), pattern.into(), from.into()])
}

/// What [`select_prices`] gave, to find prices in; what cannot be one is left out.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what was asked for.
pub fn read_overrides(rows: &[String]) -> Result<Overrides, Fault> {
    let mut overrides = Overrides::default();
    for row in rows {
        let row: Value = decode(row)?;
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
        if let Some(Ok(prices)) = row.get("prices").map(read_prices) {
            overrides.add(text("pattern"), text("from"), prices);
        }
    }
    Ok(overrides)
}
