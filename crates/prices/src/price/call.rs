//! What a call of a model costs, in all: a project's own price, or else the table's, for what
//! it used, on its day.

use std::cell::RefCell;

use ingest_core::fold::map::Map;
use ingest_core::fold::price::{Call, Computed, CostSource, Pricing};
use ingest_core::model::{Micros, Provider, Usage};
use ingest_core::time;

use super::arithmetic::{Costed, Tokens, cost, cost_nano, period_of};
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
    let day = day_of(call.at_us);
    let (source, period) =
        find_period(call, overrides, &day, || find(table(), call.provider, call.model))?;
    let free = || Costed { nano: 0, items: Vec::new(), parts_added: false };
    let costed = period.map_or_else(free, |period| cost(period, &tokens(&call.usage)));
    Some(Priced { source, costed })
}

/// The day of a time, as prices have it: `2026-11-24`.
fn day_of(at: Micros) -> String {
    let mut day = time::with_millis(at);
    day.truncate("2026-11-24".len());
    day
}

/// The prices that hold of a call on a day, and whose they are; of what is free there are none.
fn find_period<'p>(
    call: &Call,
    overrides: &'p Overrides,
    day: &str,
    listed: impl FnOnce() -> Option<Match<'static>>,
) -> Option<(CostSource, Option<&'p Period>)> {
    if let Some(period) = overrides.find(call.model, day) {
        return Some((CostSource::Project, Some(period)));
    }
    let period = match listed()? {
        Match::Free => None,
        Match::Model(model) => Some(period_of(&model.periods, day)?),
    };
    Some((CostSource::Table, period))
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

/// What names mean.
type Meanings = Map<String, Option<Match<'static>>>;

/// The prices of some projects. Each name is looked up once, and each day written once: a
/// trace has many calls that are alike.
#[derive(Debug, Default)]
pub struct PriceBook {
    projects: Vec<(String, Overrides)>,
    /// What names mean, by their providers.
    known: RefCell<Map<Option<Provider>, Meanings>>,
    /// The day of the last call, since the epoch and as text.
    day: RefCell<(i64, String)>,
}

impl PriceBook {
    /// Notes the prices that a project has set.
    pub fn set(&mut self, project: &str, overrides: Overrides) {
        self.projects.push((project.to_owned(), overrides));
    }

    fn look_up(&self, call: &Call) -> Option<Match<'static>> {
        let mut known = self.known.borrow_mut();
        let names = known.entry(call.provider).or_default();
        if let Some(known) = names.get(call.model) {
            return *known;
        }
        let found = find(table(), call.provider, call.model);
        names.insert(call.model.to_owned(), found);
        found
    }
}

impl Pricing for PriceBook {
    fn price(&self, project: &str, call: &Call) -> Option<Computed> {
        let none = Overrides::default();
        let own = self.projects.iter().find(|(known, _)| known == project);
        let overrides = own.map_or(&none, |(_, own)| own);
        let mut day = self.day.borrow_mut();
        let since_epoch = call.at_us.div_euclid(86_400_000_000);
        if day.1.is_empty() || day.0 != since_epoch {
            *day = (since_epoch, day_of(call.at_us));
        }
        let (source, period) = find_period(call, overrides, &day.1, || self.look_up(call))?;
        let cost_nano = period.map_or(0, |period| cost_nano(period, &tokens(&call.usage)));
        Some(Computed { cost_nano, source })
    }
}
