//! The table: who sells a model, by which names it goes, and what it cost from when on. It is
//! read once, when the first price is asked for.

use std::sync::LazyLock;

use serde_json::Value;

use ingest_core::model::Provider;

/// Prices in millionths of a dollar per million tokens, which are trillionths per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prices {
    /// Of what goes in.
    pub input: u64,
    /// Of what comes out.
    pub output: u64,
    /// Of what goes in from a cache.
    pub cache_read: Option<u64>,
    /// Of what goes in and is kept for five minutes.
    pub cache_write: Option<u64>,
    /// Of what goes in and is kept for an hour.
    pub cache_write_1h: Option<u64>,
    /// Of sound that goes in.
    pub audio: Option<u64>,
}

/// What holds from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// The day, as in ISO 8601; empty for the first.
    pub from: String,
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
    pub id: String,
    /// What else it is called. The first character of a clause says what it asks of a name; of
    /// several in a list all hold.
    pub clauses: Vec<Vec<String>>,
    /// What it cost, the earliest first.
    pub periods: Vec<Period>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The package that it was made from, and its version.
    pub source: String,
    /// The day on which it was made.
    pub generated: String,
    /// The models, by provider and name.
    pub models: Vec<Model>,
}

impl Table {
    /// What a provider sells. Its models stand together.
    #[must_use]
    pub fn sold_by(&self, provider: Provider) -> &[Model] {
        let sold = |model: &Model| model.provider == provider;
        let from = self.models.iter().position(sold).unwrap_or(self.models.len());
        let rest = self.models.get(from..).unwrap_or_default();
        rest.chunk_by(|a, b| a.provider == b.provider).next().unwrap_or_default()
    }
}

static TABLE: LazyLock<Table> = LazyLock::new(|| read(include_str!("table.json")));

/// The table that this was built with.
#[must_use]
pub fn table() -> &'static Table {
    &TABLE
}

/// Reads the text: a list of what it is from and of models. What is none is left out, and a
/// test says that there is nothing such.
fn read(text: &str) -> Table {
    let lines: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let Some((head, models)) = lines.split_first() else { return Table::default() };
    let said = |key: &str| text_of(head.get(key)).unwrap_or_default();
    let models = models.iter().filter_map(read_model).collect();
    Table { source: said("source"), generated: said("generated"), models }
}

fn text_of(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::to_owned)
}

fn read_model(line: &Value) -> Option<Model> {
    let clause = |clause: &Value| match clause {
        Value::Array(all) => all.iter().map(|one| text_of(Some(one))).collect(),
        one => Some(vec![text_of(Some(one))?]),
    };
    Some(Model {
        provider: Provider::parse(line.get(0)?.as_str()?)?,
        id: text_of(line.get(1))?,
        clauses: line.get(2)?.as_array()?.iter().map(clause).collect::<Option<_>>()?,
        periods: line.get(3)?.as_array()?.iter().map(read_period).collect::<Option<_>>()?,
    })
}

fn read_period(period: &Value) -> Option<Period> {
    let tiers = period.as_array()?.iter().skip(2);
    let tier = |tier: &Value| Some((tier.get(0)?.as_u64()?, read_prices(tier.get(1)?)?));
    Some(Period {
        from: text_of(period.get(0))?,
        prices: read_prices(period.get(1)?)?,
        tiers: tiers.map(tier).collect::<Option<_>>()?,
    })
}

fn read_prices(prices: &Value) -> Option<Prices> {
    let price = |key: &str| prices.get(key).and_then(Value::as_u64);
    Some(Prices {
        input: price("i")?,
        output: price("o").unwrap_or(0),
        cache_read: price("r"),
        cache_write: price("w"),
        cache_write_1h: price("h"),
        audio: price("a"),
    })
}
