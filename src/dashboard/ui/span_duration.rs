//! How long spans and traces took. Some run still, some never said that they
//! ended, and some say that they ended before they began.

use maud::{Markup, html};

use super::format;
use super::status::{show_outcome, show_status};
use crate::model::{Micros, Status, TraceStatus};

/// How long a span or a trace took, or what else is known of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanDuration {
    /// So long.
    For(Micros),
    /// It runs, for so long by now.
    Running(Micros),
    /// It began, and has no end though nothing runs any more.
    NeverEnded,
    /// It ends so long before it starts.
    Reversed(Micros),
    /// Its start is not known, or neither its start nor its end.
    Unknown,
}

impl SpanDuration {
    /// `now` is the time while the span's trace runs, and none else.
    #[must_use]
    pub fn of(start: Option<Micros>, end: Option<Micros>, now: Option<Micros>) -> Self {
        match (start, end, now) {
            (Some(start), Some(end), _) if end < start => Self::Reversed(start.saturating_sub(end)),
            (Some(start), Some(end), _) => Self::For(end.saturating_sub(start)),
            (Some(start), None, Some(now)) => Self::Running(now.saturating_sub(start)),
            (Some(_), None, None) => Self::NeverEnded,
            (None, ..) => Self::Unknown,
        }
    }

    /// Whether it ends before it starts.
    #[must_use]
    pub fn is_reversed(self) -> bool {
        matches!(self, Self::Reversed(_))
    }

    /// How it went, or that it goes on.
    #[must_use]
    pub fn status(self, status: Status) -> Markup {
        match self {
            _ if status == Status::Error => show_outcome(true),
            Self::Running(_) => show_status(TraceStatus::Running),
            Self::NeverEnded => show_status(TraceStatus::Unfinished),
            _ => show_outcome(false),
        }
    }

    /// In numbers; in a word where they are not known.
    #[must_use]
    pub fn shown(self) -> Markup {
        html! {
            @match self {
                Self::For(micros) => (format::duration(micros)),
                Self::Running(micros) => (format::elapsed(micros)),
                Self::NeverEnded => em { "never ended" },
                Self::Reversed(micros) => em title="It ends before it starts" { "−" (format::duration(micros)) },
                Self::Unknown => em { "–" },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_runs_what_never_ended_and_what_is_reversed() {
        let took = |start, end, now| SpanDuration::of(start, end, now);
        assert_eq!(took(Some(5), Some(7), Some(9)), SpanDuration::For(2));
        assert_eq!(took(Some(5), None, Some(9)), SpanDuration::Running(4));
        assert_eq!(took(Some(5), None, None), SpanDuration::NeverEnded);
        assert_eq!(took(Some(5), Some(2), None), SpanDuration::Reversed(3));
        assert_eq!(took(None, Some(2), Some(9)), SpanDuration::Unknown);
        assert_eq!(took(None, None, Some(9)), SpanDuration::Unknown);
        assert_eq!(
            took(Some(Micros::MAX), Some(Micros::MIN), None),
            SpanDuration::Reversed(Micros::MAX)
        );
    }
}
