//! Trying an evaluator on a trace before it is stored: what it would say now. Nothing is kept
//! and nothing counted.

use evaluators::evaluator::assignment::Judged;
use evaluators::evaluator::{Evaluator, EvaluatorType, Failure};

use super::outline::{Outline, first_part};
use super::plan::Plan;
use super::run::judge;
use super::subject::{Reads, Subject, groups, of_spans, of_trace};
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
    let check = EvaluatorType::find(&by.r#type).map(|kind| kind.parse(Some(&by.config)));
    let trial = Trial { project, by, trace, check, caller };
    let mut tried = Vec::new();
    if by.target == "trace" {
        let calls = Reads::of(&by.r#type) == Reads::Calls;
        tried.push(trial.one(&of_trace(&outline, calls, source).await?).await);
        return Ok(Some(tried));
    }
    let judged = outline.judged.first().map(Vec::as_slice).unwrap_or_default();
    for group in groups(judged.get(..MAX_TRIED.min(judged.len())).unwrap_or_default()) {
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
    check: Option<Result<Evaluator, Failure>>,
    caller: &'a C,
}

impl<C: Caller> Trial<'_, C> {
    async fn one(&self, subject: &Subject) -> Tried {
        let span = subject.span.as_deref();
        let said = match (subject.unreadable, &self.check) {
            (Some(why), _) => Err(Why::Failed(why.into())),
            (None, Some(check)) => judge(check, subject),
            (None, None) => {
                let Self { project, by, trace, .. } = *self;
                let (evaluator, version) = (&*by.id, by.version);
                let of = Judged { project, evaluator, version, trace, span };
                self.caller.call(by, &of, subject).await
            }
        };
        Tried { span: subject.span.clone(), said }
    }
}
