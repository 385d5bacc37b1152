//! Rejected requests, counted in the isolate and handed on every ten seconds:
//! a row written for each bad request would let bad requests run up costs.

use std::collections::HashMap;

use crate::error::Reject;
use crate::index::{Statement, stats};
use crate::model::Millis;

/// How long counts are kept before they are handed on.
const EVERY_MS: Millis = 10_000;
/// Most projects counted at once; a further one is not.
const CAPACITY: usize = 1_000;

/// Why a request was rejected, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// 400.
    Validation,
    /// 413.
    TooLarge,
    /// 415.
    MediaType,
    /// 429: too many requests.
    RateLimit,
    /// 429: too many traces.
    Quota,
}

impl Reason {
    /// The reason that is counted for this answer.
    #[must_use]
    pub fn of(reject: &Reject) -> Option<Self> {
        match reject {
            Reject::Validation { .. } => Some(Self::Validation),
            Reject::TooLarge(_) => Some(Self::TooLarge),
            Reject::UnsupportedMediaType(_) => Some(Self::MediaType),
            Reject::RateLimited { .. } => Some(Self::RateLimit),
            Reject::QuotaExceeded { .. } => Some(Self::Quota),
            _ => None,
        }
    }
}

/// Counts since they were last handed on. One for each isolate.
#[derive(Debug, Default)]
pub struct RejectionCounts {
    counts: HashMap<String, [i64; 5]>,
    since: Millis,
}

impl RejectionCounts {
    /// Counts one.
    pub fn add(&mut self, project: &str, reason: Reason) {
        if self.counts.len() < CAPACITY || self.counts.contains_key(project) {
            let counts = self.counts.entry(project.into()).or_default();
            if let Some(n) = counts.get_mut(reason as usize) {
                *n += 1;
            }
        }
    }

    /// The statements that hand the counts on, when it is time; then they are
    /// counted from 0 again.
    pub fn due(&mut self, now: Millis) -> Vec<Statement> {
        if self.counts.is_empty() || (0..EVERY_MS).contains(&(now - self.since)) {
            return Vec::new();
        }
        self.since = now;
        self.counts.drain().map(|(project, n)| stats::add_rejected(&project, n, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_on_what_it_counted_once() {
        let mut tally = RejectionCounts::default();
        assert_eq!(tally.due(1_000_000), []);
        tally.add("p", Reason::TooLarge);
        tally.add("p", Reason::TooLarge);
        assert_eq!(tally.due(1_000_000), [stats::add_rejected("p", [0, 2, 0, 0, 0], 1_000_000)]);
        tally.add("p", Reason::Validation);
        assert_eq!(tally.due(1_000_000 + EVERY_MS - 1), []);
        assert_eq!(tally.due(1_000_000 + EVERY_MS).len(), 1);
        assert_eq!(tally.due(2_000_000), []);
    }
}
