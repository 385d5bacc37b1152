//! What happens, as data points for Workers Analytics Engine: one for each
//! request and message that counts. Pure: where they go, if anywhere, is
//! `edge`'s. The exact counts by hour are [`crate::index::stats`]'s.

use crate::batch::BatchRef;
use crate::error::{Error, Reject};
use crate::model::Millis;
use crate::pipeline::consume::Outcome;
use crate::pipeline::sweep::Swept;

/// Most points that the platform takes from one invocation. The rest would be
/// dropped there (Workers Analytics Engine, limits).
pub const MAX_POINTS: usize = 250;

/// One data point. Its project is the index: the platform samples by it, so
/// that a busy project does not blur the numbers of a quiet one.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// `index1`: the project; empty for requests that prove none.
    pub project: String,
    /// `blob1`: what happened.
    pub what: &'static str,
    /// `blob2`: for rejected requests the code of the answer; else empty.
    pub reason: &'static str,
    /// `double1`: how many. Of accepted and written batches, their events.
    pub count: f64,
    /// `double2`: the body's bytes, where there is one.
    pub bytes: f64,
    /// `double3`: milliseconds from received to written.
    pub delay_ms: f64,
}

impl Point {
    fn new(project: &str, what: &'static str, count: usize) -> Self {
        let project = project.into();
        Self { project, what, reason: "", count: float(count), bytes: 0.0, delay_ms: 0.0 }
    }
}

/// A batch got its 201.
#[must_use]
pub fn accepted(project: &str, events: usize, bytes: usize) -> Point {
    Point { bytes: float(bytes), ..Point::new(project, "accepted", events) }
}

/// A request was turned away; `None` for what only looked at a path that is
/// none.
#[must_use]
pub fn rejected(project: Option<&str>, error: &Error) -> Option<Point> {
    if let Error::Reject(Reject::NotFound(_) | Reject::MethodNotAllowed { .. }) = error {
        return None;
    }
    let reason = error.kind().code;
    Some(Point { reason, ..Point::new(project.unwrap_or_default(), "rejected", 1) })
}

/// The message for the raw object at `key` was settled: its batch is written, or it will be tried again, or
/// it became a dead letter (`recorded`). A batch that was written before is
/// not written twice, and no point.
#[must_use]
pub fn settled(key: &str, outcome: &Outcome, recorded: bool) -> Option<Point> {
    let project = BatchRef::parse(key).map(|batch| batch.project).unwrap_or_default();
    match outcome {
        Outcome::Ack(written) if !written.fresh => None,
        Outcome::Ack(written) => Some(Point {
            bytes: float(written.bytes),
            delay_ms: millis(written.delay_ms),
            ..Point::new(&project, "written", written.events)
        }),
        Outcome::Retry { .. } => Some(Point::new(&project, "retried", 1)),
        Outcome::Bury { .. } => recorded.then(|| Point::new(&project, "dead-lettered", 1)),
    }
}

/// The sweeper queued batches, by project.
pub fn swept(swept: &Swept) -> impl Iterator<Item = Point> {
    swept.projects.iter().map(|(project, queued)| Point::new(project, "swept", *queued))
}

#[expect(clippy::cast_precision_loss, reason = "counts and bytes of a batch are below 2^53")]
fn float(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^53")]
fn millis(n: Millis) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use crate::pipeline::consume::Written;

    #[test]
    fn a_batch_that_was_written_before_is_no_point() {
        let mut written = Written { events: 3, bytes: 100, delay_ms: 20, ..Written::default() };
        assert_eq!(settled("", &Outcome::Ack(written.clone()), false), None);
        written.fresh = true;
        let point = settled("", &Outcome::Ack(written), false).unwrap();
        assert_eq!(
            (point.what, point.count, point.bytes, point.delay_ms),
            ("written", 3.0, 100.0, 20.0)
        );
    }

    #[test]
    fn a_dead_letter_counts_when_it_is_recorded() {
        let bury = Outcome::Bury { why: String::new() };
        assert_eq!(settled("", &bury, false), None);
        assert_eq!(settled("", &bury, true).map(|p| p.what), Some("dead-lettered"));
    }

    #[test]
    fn rejected_requests_say_why() {
        let reason = |error: Error| rejected(Some("p"), &error).map(|point| point.reason);
        assert_eq!(reason(Reject::TooLarge(String::new()).into()), Some("PAYLOAD_TOO_LARGE"));
        assert_eq!(reason(Reject::Unauthorized("").into()), Some("UNAUTHORIZED"));
        assert_eq!(reason(Fault::Internal(String::new()).into()), Some("INTERNAL_ERROR"));
        assert_eq!(reason(Reject::NotFound(String::new()).into()), None);
    }
}
