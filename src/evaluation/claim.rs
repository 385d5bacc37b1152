//! Calls of somebody else are counted before they are made: by score, and by evaluator and day.

use super::outside::runs_per_day;
use super::verdict::Why;
use crate::error::Fault;
use crate::index::evaluators::{EvaluationRow, EvaluatorRow};
use crate::index::{Database, QueryResults, evaluators as stored};
use crate::model::Millis;

/// A call of somebody else, counted before it is made.
pub(super) struct Claim<'a> {
    pub(super) project: &'a str,
    pub(super) row: &'a EvaluationRow,
    /// Calls for this score that are known of.
    pub(super) calls: u32,
    pub(super) now: Millis,
}

/// Times that somebody else is called for one score: from the endpoint's contract.
const MAX_CALLS: u32 = 3;

impl Claim<'_> {
    /// Counts it; or why it may not be made.
    pub(super) async fn take(
        &self,
        by: &EvaluatorRow,
        db: &impl Database,
    ) -> Result<Result<(), Why>, Fault> {
        let called = || {
            let why = format!("It was called {MAX_CALLS} times for this, as often as it may be.");
            Ok(Err(Why::Refused(why)))
        };
        // What is known to be refused takes nothing of the day.
        if self.calls >= MAX_CALLS {
            return called();
        }
        let most = by.max_runs_per_day.or(runs_per_day(&by.r#type)).unwrap_or_default();
        let day = self.now.div_euclid(24 * 3_600_000);
        let counted = |ran: &QueryResults| ran.rows.iter().any(|r| !r.is_empty());
        let ran = db.run(vec![stored::claim_day(self.project, &by.id, day, most)]).await?;
        if !counted(&ran) {
            let why = format!("It was called {most} times today, as often as it may be.");
            return Ok(Err(Why::NotNow(why)));
        }
        let ran = db.run(vec![stored::claim_call(self.project, self.row, MAX_CALLS)]).await?;
        if counted(&ran) { Ok(Ok(())) } else { called() }
    }
}
