//! Prices that a project sets: for names that nobody else knows (deployments, fine-tunes,
//! models of its own), or in place of the table's.

use serde::{Deserialize, Serialize};

use super::arithmetic::period_of;
use super::matching::normal;
use super::table::{Period, Prices};

/// Dearest price, in dollars per million tokens: a dollar a token.
pub const MAX_PRICE: f64 = 1e6;

/// Prices as people write them: dollars per million tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "see `Prices`")]
pub struct InDollars {
    pub input: f64,
    pub output: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<f64>,
}

impl InDollars {
    /// The same in whole millionths; `None` where one is below zero or above [`MAX_PRICE`].
    #[must_use]
    pub fn to_prices(&self) -> Option<Prices> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in bounds")]
        let whole = |dollars: f64| {
            (0.0..=MAX_PRICE).contains(&dollars).then(|| (dollars * 1e6).round() as u64)
        };
        let maybe = |dollars: Option<f64>| match dollars {
            None => Some(None),
            Some(dollars) => whole(dollars).map(Some),
        };
        Some(Prices {
            input: whole(self.input)?,
            output: whole(self.output)?,
            cache_read: maybe(self.cache_read)?,
            cache_write: maybe(self.cache_write)?,
            cache_write_1h: maybe(self.cache_write_1h)?,
            audio: maybe(self.audio_input)?,
        })
    }
}

/// The prices of a project, by the names that they are for.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<(String, Vec<Period>)>);

impl Overrides {
    /// Adds what holds of names of a pattern from a day on, or always where that is empty.
    pub fn add(&mut self, pattern: &str, from: &str, prices: Prices) {
        let pattern = normal(pattern);
        let period = Period { from: from.to_owned().into(), prices, tiers: Vec::new() };
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
