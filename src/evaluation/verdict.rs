//! What an evaluator says of a subject, or why it says nothing; and the port to those who
//! ask somebody else.

use evaluators::evaluator::assignment::Judged;

use super::subject::Subject;
use crate::index::evaluators::EvaluatorRow;

/// A judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// 0 to 1.
    pub value: f64,
    /// The value in words.
    pub label: Option<String>,
    /// Why.
    pub reasoning: Option<String>,
}

/// Why there is none. What it says goes to who reads the trace: no payload, no address, no
/// header is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is nothing to judge.
    Skipped(String),
    /// It may not be done now. Whoever asks another day has it done.
    NotNow(String),
    /// The operator does not let it be done. Whoever asks once that is mended has it done.
    Unset(String),
    /// It cannot be done, ever.
    Refused(String),
    /// It may do another time.
    Failed(String),
}

/// Calls who judges elsewhere.
#[allow(async_fn_in_trait, reason = "one thread, and only this crate implements it")]
pub trait Caller {
    /// A call that may be made.
    type Call;

    /// Makes a call ready that an evaluator makes who asks somebody else. Nobody is asked yet.
    ///
    /// # Errors
    /// Why it cannot be made.
    fn prepare(
        &self,
        by: &EvaluatorRow,
        of: &Judged<'_>,
        subject: &Subject,
    ) -> Result<Self::Call, Why>;

    /// Makes it.
    ///
    /// # Errors
    /// Why it says nothing.
    async fn call(&self, call: &Self::Call) -> Result<Verdict, Why>;
}
