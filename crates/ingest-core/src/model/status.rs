//! How a span ended, and how a trace goes or went.

use super::{Micros, Millis};

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// As it should; what a span says that says nothing.
    #[default]
    Ok,
    /// With an error.
    Error,
}

impl Status {
    /// As the wire and the API spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

/// How a trace goes or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceStatus {
    /// It ended, and so its root says, or else nothing in it failed.
    Ok,
    /// It ended, and its root failed; or something in it, where it has no root.
    Error,
    /// Something in it has not ended, or its root has not come.
    Running,
    /// Something in it has not ended, and nothing was heard of it for [`QUIET_US`].
    Unfinished,
}

/// After so long without a word from a trace, what is open in it is taken to have
/// died. Calls of models and tools, the longest things between two words, take
/// minutes; of those that take longer most clients have given up.
pub const QUIET_US: Micros = 60 * 60 * 1_000_000;

/// What a trace's status is derived from, named as the columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns are documented in migrations/")]
pub struct Progress {
    pub spans: i64,
    pub errors: i64,
    pub open: i64,
    pub root_child: u8,
    pub active_us: Micros,
    pub ended: u8,
    pub root_failed: Option<u8>,
}

impl TraceStatus {
    /// Every status with its spelling in the API.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Ok, "OK"),
        (Self::Error, "ERROR"),
        (Self::Running, "RUNNING"),
        (Self::Unfinished, "UNFINISHED"),
    ];

    /// The status at a time. An index is asked the same with [`Self::SQL`].
    #[must_use]
    pub fn of(trace: &Progress, now: Millis) -> Self {
        let Progress { spans, errors, open, root_child, active_us, ended, root_failed } = *trace;
        let quiet = active_us < Self::quiet_before(now);
        // Where no span has come, the trace's own event is all there is to go by.
        let unfinished = open > 0 || spans == 0 && ended == 0;
        // The SDK sends spans when they end, so the root comes last. Of what is known by
        // updates and supplements alone nothing tells whether it is one.
        let rootless = root_child > 0 && ended == 0;
        // Who has come through what failed below has not failed. Without a root nobody says so.
        let root_failed = root_failed.filter(|_| root_child == 0);
        let failed = root_failed.map_or(errors > 0, |failed| failed != 0);
        match (unfinished, quiet) {
            (true, true) => Self::Unfinished,
            (true, false) => Self::Running,
            (false, false) if rootless => Self::Running,
            (false, _) if failed => Self::Error,
            (false, _) => Self::Ok,
        }
    }

    /// [`Self::of`] as an SQL expression over a trace's columns. `$QUIET` stands
    /// for [`Self::quiet_before`].
    pub const SQL: &'static str = "case
      when open > 0 or spans = 0 and ended = 0
        then case when active_us < $QUIET then 'UNFINISHED' else 'RUNNING' end
      when root_child > 0 and ended = 0 and active_us >= $QUIET then 'RUNNING'
      when coalesce(case when root_child = 0 then root_failed end, errors > 0) then 'ERROR'
      else 'OK'
    end";

    /// What was active before this is quiet.
    #[must_use]
    pub fn quiet_before(now: Millis) -> Micros {
        now.saturating_mul(1_000).saturating_sub(QUIET_US)
    }

    /// The status that the API spells so, if there is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(status, _)| *status)
    }

    /// As the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Error => "ERROR",
            Self::Running => "RUNNING",
            Self::Unfinished => "UNFINISHED",
        }
    }

    /// As pages write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Error => "Error",
            Self::Running => "Running",
            Self::Unfinished => "Unfinished",
        }
    }
}
