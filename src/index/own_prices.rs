//! Prices that projects set, as they are stored.

use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;
use prices::price::overrides::{InDollars, Overrides};

use super::{Statement, decode};
use crate::error::Fault;
use crate::limits::MAX_PRICES;
use crate::model::Millis;

sql_file!(prices_sql, "sql/prices.sql", &[]);
sql_file!(set_sql, "sql/set_price.sql", &[]);
sql_file!(remove_sql, "sql/remove_price.sql", &[]);

/// All that a project has set: no row where it has set none.
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

/// What [`select_prices`] gave, row by row: for which names, from when on, how much.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what was asked for.
pub fn read_prices(rows: &[String]) -> Result<Vec<(String, String, InDollars)>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}

/// The same, to find prices in; what cannot be one is left out.
///
/// # Errors
/// As [`read_prices`].
pub fn read_overrides(rows: &[String]) -> Result<Overrides, Fault> {
    let mut overrides = Overrides::default();
    for (pattern, from, prices) in read_prices(rows)? {
        if let Some(prices) = prices.to_prices() {
            overrides.add(&pattern, &from, prices);
        }
    }
    Ok(overrides)
}
