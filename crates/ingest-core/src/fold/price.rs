//! What a call of a model costs where nobody has said it: asked of who knows prices, which is
//! not this crate. A cost that an event says always counts, also 0. One that is computed is
//! kept beside the events, and is computed anew whenever something comes of the trace, so that
//! a replay puts changed prices into effect.

use crate::model::{Micros, Provider, SpanType, Usage};

/// A call of a model as far as it has a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The model, as the client names it.
    pub model: &'a str,
    /// Who serves it, where that is said.
    pub provider: Option<Provider>,
    /// Tokens.
    pub usage: Usage,
    /// When it ended, or else began: that day's price holds.
    pub at_us: Micros,
}

/// Whose cost it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostSource {
    /// The client's, who sent it.
    Client,
    /// The table's that the service is built with.
    Table,
    /// A price's that the project has set.
    Project,
}

impl CostSource {
    /// What readers of the API call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Table => "table",
            Self::Project => "project",
        }
    }
}

/// A cost that was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Computed {
    /// Billionths of a dollar.
    pub cost_nano: i64,
    /// By which price.
    pub source: CostSource,
}

/// Who knows prices.
pub trait Pricing {
    /// What a call of a project's costs; `None` where that is not known.
    fn price(&self, project: &str, call: &Call) -> Option<Computed>;
}

/// Nobody who knows any.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPrices;

impl Pricing for NoPrices {
    fn price(&self, _: &str, _: &Call) -> Option<Computed> {
        None
    }
}

/// Whether a kind of span may have a price: a model's work. What is above it says the usage of
/// what is below once more.
pub(super) fn is_call(kind: u8) -> bool {
    SpanType::ALL.get(usize::from(kind)).is_some_and(|(kind, _)| *kind == SpanType::Llm)
}
