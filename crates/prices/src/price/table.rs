//! The table: who sells a model, by which names it goes, and what it cost from when on. It is
//! read once, when the first price is asked for.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Deserialize;

use ingest_core::model::Provider;

/// Prices in millionths of a dollar per million tokens, which are trillionths per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// Of what goes in.
    #[serde(rename = "i")]
    pub input: u64,
    /// Of what comes out.
    #[serde(rename = "o")]
    pub output: u64,
    /// Of what goes in from a cache.
    #[serde(rename = "r")]
    pub cache_read: Option<u64>,
    /// Of what goes in and is kept for five minutes.
    #[serde(rename = "w")]
    pub cache_write: Option<u64>,
    /// Of what goes in and is kept for an hour.
    #[serde(rename = "h")]
    pub cache_write_1h: Option<u64>,
    /// Of sound that goes in.
    #[serde(rename = "a")]
    pub audio: Option<u64>,
}

/// What a name has to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Clause {
    /// One thing: the first character says which.
    One(&'static str),
    /// All of these.
    All(Vec<&'static str>),
}

/// What holds from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The day, as in ISO 8601; empty for the first.
    pub from: Cow<'static, str>,
    /// What holds.
    pub prices: Prices,
    /// What holds instead once more than so many tokens go in, in order.
    pub tiers: Vec<(u64, Prices)>,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Who sells it.
    pub provider: Provider,
    /// Its name.
    pub id: &'static str,
    /// What else it is called.
    pub clauses: Vec<Clause>,
    /// What it cost, the earliest first.
    pub periods: Vec<Period>,
}

/// Where the table is from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Head {
    /// The package that it was made from, and its version.
    pub source: &'static str,
    /// The day on which it was made.
    pub generated: &'static str,
    /// Whose it is.
    pub license: &'static str,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Where it is from.
    pub head: Head,
    /// The models, by provider and name.
    pub models: Vec<Model>,
}

const TEXT: &str = include_str!("table.json");

/// A line of the text: [`Head`], or a model.
type Line = (&'static str, &'static str, Vec<Clause>, Vec<Vec<Item>>);

/// What a period consists of.
#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    From(&'static str),
    Prices(Prices),
    Tier(u64, Prices),
}

static TABLE: LazyLock<Table> = LazyLock::new(|| read(TEXT));

/// The table that this was built with.
#[must_use]
pub fn table() -> &'static Table {
    &TABLE
}

/// Reads the text, whose first line is the head and every other a model; one that is neither
/// is left out, and a test says that there is none.
fn read(text: &'static str) -> Table {
    let mut lines = text.lines();
    let head = lines.next().and_then(|line| {
        let line = line.strip_prefix('[')?.strip_suffix(',')?;
        serde_json::from_str(line).ok()
    });
    let none = Head { source: "", generated: "", license: "" };
    Table { head: head.unwrap_or(none), models: lines.filter_map(read_model).collect() }
}

fn read_model(line: &'static str) -> Option<Model> {
    // The last line closes the list of all.
    let line = line.strip_suffix(',').or_else(|| line.strip_suffix(']')).unwrap_or(line);
    let (provider, id, clauses, periods): Line = serde_json::from_str(line).ok()?;
    let periods = periods.into_iter().map(read_period).collect::<Option<Vec<_>>>()?;
    Some(Model { provider: Provider::parse(provider)?, id, clauses, periods })
}

fn read_period(items: Vec<Item>) -> Option<Period> {
    let mut items = items.into_iter();
    let Some(Item::From(from)) = items.next() else { return None };
    let Some(Item::Prices(prices)) = items.next() else { return None };
    let tier = |item| match item {
        Item::Tier(above, prices) => Some((above, prices)),
        _ => None,
    };
    Some(Period { from: from.into(), prices, tiers: items.map(tier).collect::<Option<_>>()? })
}
