//! Who judges a subject: an evaluator that asks nobody, at once; for one that asks somebody
//! else the call is made ready.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use evaluators::evaluator::assignment::Judged;
use evaluators::evaluator::{Code, Evaluator, EvaluatorType, Failure};

use super::outside::runs_per_day;
use super::plan::Reads;
use super::subject::{Reading, Subject};
use super::verdict::{Caller, Verdict, Why};
use crate::index::evaluators::EvaluatorRow;
use crate::payload::Missing;

/// What an evaluator comes to before anybody else is asked.
pub(super) enum Begun<C> {
    /// It was judged.
    Said(Verdict),
    /// A call is to be made.
    Call(C),
}

/// The evaluators of a project that ask nobody, each read once.
pub(super) struct Checks(HashMap<String, Result<Evaluator, Failure>>);

impl Checks {
    pub(super) fn of(all: &[EvaluatorRow]) -> Self {
        let check = |row: &EvaluatorRow| {
            let kind = EvaluatorType::find(&row.r#type)?;
            Some((row.id.clone(), kind.parse(Some(&row.config))))
        };
        Self(all.iter().filter_map(check).collect())
    }

    /// Has an evaluator judge, or makes its call ready.
    pub(super) fn begin<C: Caller>(
        &self,
        by: &EvaluatorRow,
        of: &Judged<'_>,
        reading: &Reading<'_>,
        caller: &C,
    ) -> Result<Begun<C::Call>, Why> {
        let reads = Reads::of(&by.r#type);
        if let Some(why) = missing(reading.subject, reads) {
            return Err(why);
        }
        match self.0.get(&by.id) {
            Some(check) => judge(check, reads, reading).map(Begun::Said),
            None if runs_per_day(&by.r#type).is_none() => {
                Err(Why::Refused("There is no such type of evaluator.".into()))
            }
            None => caller.prepare(by, of, reading.subject).map(Begun::Call),
        }
    }
}

/// Why an evaluator that reads this cannot judge a subject, if there is more to it than that
/// there is nothing.
fn missing(subject: &Subject, reads: Reads) -> Option<Why> {
    let failed = |why: Missing| Why::Failed(why.into());
    match reads {
        Reads::Duration | Reads::Cost => None,
        Reads::Output | Reads::Exchange => subject.unreadable.map(failed),
        Reads::Calls if subject.too_many_calls => {
            Some(Why::Refused("it calls models too often to be judged".into()))
        }
        Reads::Calls => subject.calls_unreadable.map(failed),
    }
}

/// Has a deterministic evaluator judge: whatever it does, nobody else is hurt.
fn judge(
    check: &Result<Evaluator, Failure>,
    reads: Reads,
    reading: &Reading<'_>,
) -> Result<Verdict, Why> {
    let check = check.as_ref().map_err(|failure| Why::Refused(failure.message.clone()))?;
    let calls = reads == Reads::Calls && !reading.subject.calls.is_empty();
    if check.reads_output() && reading.subject.output.is_none() && !calls {
        return Err(Why::Skipped("There is no output to judge.".into()));
    }
    match catch_unwind(AssertUnwindSafe(|| check.judge(&reading.facts))) {
        Ok(Ok(outcome)) => Ok(Verdict {
            value: outcome.score,
            label: Some(outcome.label.into_owned()),
            reasoning: Some(outcome.reasoning),
        }),
        Ok(Err(Failure { code: Code::MissingInput, message })) => Err(Why::Skipped(message)),
        Ok(Err(failure)) => Err(Why::Refused(failure.message)),
        Err(_) => Err(Why::Failed("The evaluator broke down.".into())),
    }
}
