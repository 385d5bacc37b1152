//! What a trace's page and those of its spans and its session say of its state:
//! whether it runs, how long it took, and what is different when it has changed.

use maud::{Markup, html};
use xxhash_rust::xxh3::xxh3_64;

use crate::dashboard::ui::span_duration::SpanDuration;
use crate::index::found::Span;
use crate::index::read::TraceRow;
use crate::model::{Micros, Millis, TraceStatus};

/// What is different when another event counts for a span, or its trace has ended or was
/// scored: `last_score` is when, last.
#[must_use]
pub fn version_of(
    span: &Span,
    trace: &TraceRow,
    last_score: Option<Micros>,
    now: Millis,
) -> String {
    let Span { start_us, end_us, slices, .. } = span;
    let text = format!(
        "{slices:?} {start_us:?} {end_us:?} {:?} {last_score:?} {}",
        trace.scores,
        running_until(trace, now).is_some()
    );
    format!("{:016x}", xxh3_64(text.as_bytes()))
}

/// The time, while a trace runs.
#[must_use]
pub fn running_until(trace: &TraceRow, now: Millis) -> Option<Micros> {
    (trace.status(now) == TraceStatus::Running).then(|| now.saturating_mul(1_000))
}

/// How long a trace took, or what is known of it.
#[must_use]
pub fn duration_so_far(trace: &TraceRow, now: Millis) -> Markup {
    let open = matches!(trace.status(now), TraceStatus::Running | TraceStatus::Unfinished);
    let end = trace.end_us.filter(|_| !open);
    html! {
        @match SpanDuration::of(Some(trace.start_us), end, running_until(trace, now)) {
            // It has ended, and nothing says when.
            SpanDuration::NeverEnded if !open => em { "–" },
            SpanDuration::Reversed(_) => em { "ends before it starts" },
            took => (took.shown()),
        }
    }
}
