//! Prices that a project sets: for names that nobody else knows (deployments, fine-tunes,
//! models of its own), or in place of the table's.

use serde_json::Value;

use super::arithmetic::period_of;
use super::matching::normal;
use super::table::{Period, Prices};

/// Dearest price, in dollars per million tokens: a dollar a token.
pub const MAX_PRICE: f64 = 1e6;

/// The prices in an object as people write them, in dollars per million tokens.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_prices(said: &Value) -> Result<Prices, String> {
    const NAMES: [&str; 6] =
        ["input", "output", "cacheRead", "cacheWrite", "cacheWrite1h", "audioInput"];
    let object = said.as_object().ok_or("expected an object")?;
    if let Some(other) = object.keys().find(|key| !NAMES.contains(&key.as_str())) {
        return Err(format!("{other} is none of {}", NAMES.join(", ")));
    }
    let whole = |name: &str| {
        let Some(price) = object.get(name).filter(|price| !price.is_null()) else {
            return Ok(None);
        };
        let dollars = price.as_f64().filter(|price| (0.0..=MAX_PRICE).contains(price));
        let odd = || format!("{name}: expected dollars per million tokens from 0 to {MAX_PRICE}");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in bounds")]
        dollars.map(|dollars| Some((dollars * 1e6).round() as u64)).ok_or_else(odd)
    };
    let needed = |name: &str| whole(name)?.ok_or_else(|| format!("{name}: required"));
    Ok(Prices {
        input: needed("input")?,
        output: needed("output")?,
        cache_read: whole("cacheRead")?,
        cache_write: whole("cacheWrite")?,
        cache_write_1h: whole("cacheWrite1h")?,
        audio: whole("audioInput")?,
    })
}

/// The prices of a project, by the names that they are for.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<(String, Vec<Period>)>);

impl Overrides {
    /// Adds what holds of names of a pattern from a day on, or always where that is empty.
    pub fn add(&mut self, pattern: &str, from: &str, prices: Prices) {
        let pattern = normal(pattern);
        let period = Period { from: from.to_owned(), prices, tiers: Vec::new() };
        let at = self.0.iter().position(|(known, _)| *known == pattern).unwrap_or_else(|| {
            self.0.push((pattern, Vec::new()));
            self.0.len() - 1
        });
        if let Some((_, periods)) = self.0.get_mut(at) {
            periods.push(period);
            periods.sort_by(|a, b| a.from.cmp(&b.from));
        }
    }

    /// What holds of a name on a day: that of the name itself, or else of the longest beginning
    /// that has a price then.
    #[must_use]
    pub fn find(&self, name: &str, day: &str) -> Option<&Period> {
        // As of most projects.
        if self.0.is_empty() {
            return None;
        }
        let name = normal(name);
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning).then_some(beginning.len()),
            None => (*pattern == name).then_some(usize::MAX),
        };
        let fitting = self
            .0
            .iter()
            .filter_map(|(pattern, periods)| Some((fits(pattern)?, period_of(periods, day)?)));
        fitting.max_by_key(|(length, _)| *length).map(|(_, period)| period)
    }
}
