//! Trying an evaluator on a trace before it is stored: what it would say now. Nothing is kept
//! and nothing counted.

use evaluators::evaluator::Meter;
use evaluators::evaluator::assignment::Judged;

use super::dispatch::{Begun, Checks};
use super::outline::{Outline, first_part};
use super::plan::Plan;
use super::subject::{Reading, Subject, groups, of_spans, of_trace};
use super::verdict::{Caller, Verdict, Why};
use crate::batch::RawStore;
use crate::error::Fault;
use crate::index::evaluators::EvaluatorRow;
use crate::index::{Database, spans};
use crate::payload::Source;

/// What an evaluator says of a trace, or of one of its spans.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The span, where it is not of the whole trace.
    pub span: Option<String>,
    /// What it says, or why it says nothing.
    pub said: Result<Verdict, Why>,
}

/// Most spans that it is tried on.
const MAX_TRIED: usize = 20;

/// Tries an evaluator on a trace; `None` where there is no such trace.
///
/// # Errors
/// That of the index or the store.
pub async fn try_on(
    project: &str,
    by: &EvaluatorRow,
    trace: &str,
    db: &impl Database,
    source: &Source<'_, impl RawStore>,
    caller: &impl Caller,
) -> Result<Option<Vec<Tried>>, Fault> {
    let ran = db.run(spans::select_trace(project, trace)).await?;
    let Some(found) = first_part(&ran)? else { return Ok(None) };
    let plan = Plan::of_one(by);
    let outline = Outline::read(project, found, &plan, db).await?;
    let checks = Checks::of(std::slice::from_ref(by));
    let trial = Trial { project, by, trace, checks, caller };
    let mut tried = Vec::new();
    if by.target == "trace" {
        tried.push(trial.one(&of_trace(&outline, source).await?).await);
        return Ok(Some(tried));
    }
    let judged = outline.judged.get(..MAX_TRIED).unwrap_or(&outline.judged);
    for group in groups(judged) {
        for subject in of_spans(group, source).await? {
            tried.push(trial.one(&subject).await);
        }
    }
    Ok(Some(tried))
}

struct Trial<'a, C> {
    project: &'a str,
    by: &'a EvaluatorRow,
    trace: &'a str,
    checks: Checks,
    caller: &'a C,
}

impl<C: Caller> Trial<'_, C> {
    async fn one(&self, subject: &Subject) -> Tried {
        let Self { project, by, trace, caller, .. } = *self;
        let (evaluator, version, span) = (&*by.id, by.version, subject.span.as_deref());
        let of = Judged { project, evaluator, version, trace, span };
        let calls: Vec<&str> = subject.calls.iter().map(String::as_str).collect();
        let reading = Reading::of(subject, &calls, &Meter::default());
        let said = match self.checks.begin(by, &of, &reading, caller) {
            Ok(Begun::Said(verdict)) => Ok(verdict),
            Ok(Begun::Call(call)) => caller.call(&call).await,
            Err(why) => Err(why),
        };
        Tried { span: subject.span.clone(), said }
    }
}
