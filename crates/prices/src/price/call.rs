//! What a call of a model costs, in all: a project's own price, or else the table's, for what
//! it used, on its day.

use std::cell::RefCell;
use std::collections::HashMap;

use ingest_core::fold::price::{Call, Computed, CostSource, Pricing};
use ingest_core::model::Usage;
use ingest_core::time;

use super::arithmetic::{Costed, Tokens, cost, period_of};
use super::matching::{Match, find};
use super::overrides::Overrides;
use super::table::{Period, table};

/// What a call costs, and whose price it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// The table's, or the project's.
    pub source: CostSource,
    /// What it is made of.
    pub costed: Costed,
}

/// What a call costs.
#[must_use]
pub fn price(call: &Call, overrides: &Overrides) -> Option<Priced> {
    price_with(call, overrides, || find(table(), call.provider, call.model))
}

fn price_with(
    call: &Call,
    overrides: &Overrides,
    listed: impl FnOnce() -> Option<Match<'static>>,
) -> Option<Priced> {
    let tokens = tokens(&call.usage);
    let day = time::with_millis(call.at_us);
    let day = day.get(.."2026-11-24".len()).unwrap_or_default();
    let priced = |source, period: &Period| Priced { source, costed: cost(period, &tokens) };
    if let Some(period) = overrides.find(call.model, day) {
        return Some(priced(CostSource::Project, period));
    }
    match listed()? {
        Match::Free => {
            let costed = Costed { nano: 0, items: Vec::new(), parts_added: false };
            Some(Priced { source: CostSource::Table, costed })
        }
        Match::Model(model) => Some(priced(CostSource::Table, period_of(&model.periods, day)?)),
    }
}

/// Tokens as prices are for them. Where one half is not said it is what the total leaves.
fn tokens(usage: &Usage) -> Tokens {
    let Usage { prompt, completion, total, cached, cache_write, cache_write_1h, audio } = *usage;
    let rest = |known: Option<u64>| total.unwrap_or(0).saturating_sub(known.unwrap_or(0));
    Tokens {
        input: prompt.unwrap_or_else(|| rest(completion)),
        output: completion.unwrap_or_else(|| rest(prompt)),
        cache_read: cached.unwrap_or(0),
        cache_write: cache_write.unwrap_or(0),
        cache_write_1h: cache_write_1h.unwrap_or(0),
        audio: audio.unwrap_or(0),
    }
}

/// The prices of some projects. Each name is looked up once.
#[derive(Debug, Default)]
pub struct PriceBook {
    projects: Vec<(String, Overrides)>,
    /// What names mean, with their providers in front.
    known: RefCell<HashMap<String, Option<Match<'static>>>>,
}

impl PriceBook {
    /// Notes the prices that a project has set.
    pub fn set(&mut self, project: &str, overrides: Overrides) {
        self.projects.push((project.to_owned(), overrides));
    }

    fn look_up(&self, call: &Call) -> Option<Match<'static>> {
        let provider = call.provider.map_or(String::new(), |provider| provider.code().to_string());
        let name = [&*provider, call.model].join(" ");
        let find = || find(table(), call.provider, call.model);
        *self.known.borrow_mut().entry(name).or_insert_with(find)
    }
}

impl Pricing for PriceBook {
    fn price(&self, project: &str, call: &Call) -> Option<Computed> {
        let none = Overrides::default();
        let own = self.projects.iter().find(|(known, _)| known == project);
        let overrides = own.map_or(&none, |(_, own)| own);
        let Priced { source, costed } = price_with(call, overrides, || self.look_up(call))?;
        Some(Computed { cost_nano: costed.nano, source })
    }
}
