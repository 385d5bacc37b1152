//! What a rule measures, and where its notices may go.

use evaluators::evaluator::outside::address::{self, Refused};
use serde::{Deserialize, Serialize};

use crate::index::alerts::MAX_LETTERS;

/// Hosts that alerts may be sent to, with commas between them; `*` is any. Without it, none may.
pub const HOSTS: &str = "ALERT_HOSTS";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Failed traces among those that ended, from 0 to 1.
    ErrorRate,
    /// US dollars of an hour or a day.
    Cost,
    /// Milliseconds that 95 in a hundred traces did not exceed.
    P95Duration,
    /// The average of an evaluator's scores: fires below its threshold, all others from it on.
    EvaluatorAverage,
    /// Minutes since the newest trace started.
    NoTraces,
    /// Batches that could not be written.
    DeadLetters,
}

impl Kind {
    /// All of them with their spelling.
    const ALL: [(Self, &'static str); 6] = [
        (Self::ErrorRate, "errorRate"),
        (Self::Cost, "cost"),
        (Self::P95Duration, "p95Duration"),
        (Self::EvaluatorAverage, "evaluatorAverage"),
        (Self::NoTraces, "noTraces"),
        (Self::DeadLetters, "deadLetters"),
    ];

    /// As the API has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// What [`Kind::as_str`] gave.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Whether it is of an hour or a day.
    #[must_use]
    pub fn has_period(self) -> bool {
        !matches!(self, Self::NoTraces | Self::DeadLetters)
    }

    /// Whether it is of the sums by hour.
    pub(super) fn is_of_sums(self) -> bool {
        matches!(self, Self::ErrorRate | Self::Cost | Self::P95Duration)
    }

    /// Greatest threshold that can be reached.
    #[must_use]
    pub fn max_threshold(self) -> f64 {
        match self {
            Self::ErrorRate => 1.0,
            Self::DeadLetters => MAX_LETTERS.into(),
            _ => 1e9,
        }
    }

    /// Whether a value is one to be told of.
    #[must_use]
    pub fn is_reached(self, value: f64, threshold: f64) -> bool {
        if self == Self::EvaluatorAverage { value < threshold } else { value >= threshold }
    }

    /// What it is, for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ErrorRate => "error rate",
            Self::Cost => "cost",
            Self::P95Duration => "p95 duration",
            Self::EvaluatorAverage => "average score",
            Self::NoTraces => "no traces for",
            Self::DeadLetters => "dead letters",
        }
    }

    /// A value of it, for people.
    #[must_use]
    pub fn amount(self, value: f64) -> String {
        match self {
            Self::ErrorRate => format!("{:.1} %", value * 100.0),
            Self::Cost => format!("${value:.2}"),
            Self::P95Duration => format!("{value:.0} ms"),
            Self::EvaluatorAverage => format!("{value:.2}"),
            Self::NoTraces => format!("{value:.0} minutes"),
            Self::DeadLetters => format!("{value:.0}"),
        }
    }
}

/// Where the operator lets alerts be sent.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// What [`HOSTS`] says.
    pub hosts: String,
    /// Whether this is local development.
    pub is_local: bool,
}

impl Allowed {
    /// Whether an address may be used.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, url: &str) -> Result<(), &'static str> {
        address::check(url, &self.hosts, self.is_local).map_err(|why| match why {
            Refused::NotAllowed => "its host is none of those in ALERT_HOSTS",
            other => other.as_str(),
        })
    }
}
