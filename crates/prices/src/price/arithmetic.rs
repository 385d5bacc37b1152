//! What tokens cost at a model's prices. In whole trillionths of a dollar, rounded once.

use super::table::Period;

/// Tokens of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// All that went in: what is below is a part of it.
    pub input: u64,
    /// All that came out, thoughts among it.
    pub output: u64,
    /// Of what went in, from a cache.
    pub cache_read: u64,
    /// Of what went in, put into a cache for five minutes.
    pub cache_write: u64,
    /// Of what went in, put into a cache for an hour.
    pub cache_write_1h: u64,
    /// Of what went in, sound.
    pub audio: u64,
}

/// One sort of tokens, at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What sort it is, in words.
    pub what: &'static str,
    /// How many.
    pub tokens: u64,
    /// Millionths of a dollar per million of them.
    pub price: u64,
}

/// What a call costs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costed {
    /// Billionths of a dollar.
    pub nano: i64,
    /// What it is the sum of, without what there is none of.
    pub items: Vec<Item>,
    /// Whether the parts were more than the whole: then they are taken to be beside it.
    pub parts_added: bool,
}

/// What tokens cost in a period. More than a tier's tokens going in makes all of them dearer,
/// those that came out, too.
#[must_use]
pub fn cost(period: &Period, tokens: &Tokens) -> Costed {
    let (items, parts_added) = priced(period, tokens);
    let nano = sum(&items);
    Costed { nano, items: items.into_iter().filter(|item| item.tokens > 0).collect(), parts_added }
}

/// The same in billionths of a dollar, without what it is the sum of.
#[must_use]
pub fn cost_nano(period: &Period, tokens: &Tokens) -> i64 {
    sum(&priced(period, tokens).0)
}

fn sum(items: &[Item]) -> i64 {
    let pico = items.iter().map(|item| {
        let (tokens, price) = (i128::from(item.tokens), i128::from(item.price));
        tokens.saturating_mul(price)
    });
    let pico = pico.fold(500, i128::saturating_add);
    // The greatest cost that a client may send.
    let nano = (pico / 1_000).min(MAX_NANO);
    i64::try_from(nano).unwrap_or_default()
}

/// A million dollars, in billionths.
const MAX_NANO: i128 = 1_000_000_000_000_000;

/// Tokens at their prices, and whether the parts were more than the whole. What has no price
/// of its own costs what goes in costs; what is kept for an hour, what is kept for five minutes.
fn priced(period: &Period, tokens: &Tokens) -> ([Item; 6], bool) {
    let parts = [tokens.cache_read, tokens.cache_write, tokens.cache_write_1h, tokens.audio];
    let parts = parts.into_iter().fold(0, u64::saturating_add);
    let parts_added = parts > tokens.input;
    let (plain, input) = if parts_added {
        (tokens.input, tokens.input.saturating_add(parts))
    } else {
        (tokens.input - parts, tokens.input)
    };
    let tier = period.tiers.iter().rev().find(|(above, _)| input > *above);
    let prices = tier.map_or(&period.prices, |(_, prices)| prices);
    let write = prices.cache_write.unwrap_or(prices.input);
    let items = [
        ("input", plain, prices.input),
        ("cache read", tokens.cache_read, prices.cache_read.unwrap_or(prices.input)),
        ("cache write", tokens.cache_write, write),
        ("1 h cache write", tokens.cache_write_1h, prices.cache_write_1h.unwrap_or(write)),
        ("audio input", tokens.audio, prices.audio.unwrap_or(prices.input)),
        ("output", tokens.output, prices.output),
    ];
    (items.map(|(what, tokens, price)| Item { what, tokens, price }), parts_added)
}

/// Of periods in order, the one that a day is in: as in ISO 8601, `2026-11-24`.
#[must_use]
pub fn period_of<'p>(periods: &'p [Period], day: &str) -> Option<&'p Period> {
    periods.iter().rev().find(|period| period.from.is_empty() || &*period.from <= day)
}
