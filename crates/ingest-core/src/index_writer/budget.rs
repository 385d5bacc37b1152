//! What is spent of budgets, as traces come to it: what a row counted as is taken off when it
//! becomes another, so what is spent is what all traces come to that started since a budget was
//! made, whatever order they were written in. Projects without budgets have nothing here.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::counted::{Counted, hour_of};
use crate::model::Millis;
use crate::named_row;
use crate::time::Month;

/// A budget, as the consumer reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize_tuple)]
pub struct Budget {
    /// Its id.
    pub id: Rc<str>,
    /// `project`, `user` or `session`.
    pub subject_kind: String,
    /// Whose it is; `*` for each.
    pub subject: Rc<str>,
    /// `day`, `month` or `total`.
    pub period: String,
    /// When it was made: older traces do not count.
    pub created_ms: Millis,
}

named_row! {
    /// What is more, or less, spent of a budget.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct SpentRow {
        pub budget: Rc<str>,
        pub subject: Rc<str>,
        pub hour: i64,
        pub cost_nano: i64,
        pub tokens: i64,
    }
}

/// The beginning of the period that a time is in, in hours since the epoch; 0 of totals.
#[must_use]
pub fn period_hour(period: &str, at: Millis) -> i64 {
    let hour = |at: Millis| hour_of(at.saturating_mul(1_000));
    match period {
        "day" => hour(at).div_euclid(24) * 24,
        "month" => hour(Month::of(at).start()),
        _ => 0,
    }
}

/// A budget, whose, and the beginning of the period.
type SpentKey = (Rc<str>, Rc<str>, i64);

/// What is more, or less, spent of a project's budgets.
#[derive(Debug, Clone, Default)]
pub struct Spending {
    budgets: Rc<[Budget]>,
    /// Cost and tokens.
    spent: BTreeMap<SpentKey, (i64, i64)>,
}

impl Spending {
    /// Nothing yet, of these budgets.
    #[must_use]
    pub fn of(budgets: Rc<[Budget]>) -> Self {
        Self { budgets, spent: BTreeMap::new() }
    }

    /// Adds what a trace counts as, or takes it off.
    pub fn add(&mut self, counted: &Counted, times: i64) {
        let Counted { start_us, user, session, sums, .. } = counted;
        let at = start_us.div_euclid(1_000);
        for budget in self.budgets.iter().filter(|budget| budget.created_ms <= at) {
            let whose = match &*budget.subject_kind {
                "project" => Rc::default(),
                "user" if !user.is_empty() => Rc::clone(user),
                "session" if !session.is_empty() => Rc::clone(session),
                _ => continue,
            };
            if budget.subject == whose || &*budget.subject == "*" {
                let key = (Rc::clone(&budget.id), whose, period_hour(&budget.period, at));
                let (cost, tokens) = self.spent.entry(key).or_default();
                *cost = cost.wrapping_add(sums.cost_nano.wrapping_mul(times));
                *tokens = tokens.wrapping_add(sums.tokens.wrapping_mul(times));
            }
        }
    }

    /// The rows: none where nothing is more or less.
    #[must_use]
    pub fn rows(self) -> Vec<SpentRow> {
        let some = self.spent.into_iter().filter(|(_, spent)| *spent != (0, 0));
        some.map(|((budget, subject, hour), (cost_nano, tokens))| SpentRow {
            budget,
            subject,
            hour,
            cost_nano,
            tokens,
        })
        .collect()
    }
}
