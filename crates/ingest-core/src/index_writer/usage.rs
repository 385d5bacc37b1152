//! What rows count as, for who is told what was used.

use std::ops::{AddAssign, Sub};

/// What a project is told that it used: what some rows count as, or how much more that is
/// than it was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Traces.
    pub traces: i64,
    /// Spans.
    pub spans: i64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.traces += other.traces;
        self.spans += other.spans;
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { traces: self.traces - other.traces, spans: self.spans - other.spans }
    }
}
