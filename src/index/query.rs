//! Questions to the index as statements. Each row comes back as one column
//! `json`, an array in text, in the order of the fields in [`super::read`]: reading rows as
//! objects costs twice the time in the Worker (measured: 22–44 ms against
//! 7–21 for 5,000 rows).

use super::Param;
use crate::model::{Micros, Millis, TraceStatus};
use ingest_core::index_writer::compact_id::pack;

/// The columns of a trace, as [`super::read::TraceRow`] has them.
pub(super) const TRACE: &str = "json_array(
  t.id, coalesce(t.name, t.root_name, ''), t.start_us, t.end_us, t.spans,
  t.errors, t.tokens, t.cost_nano, t.created_ms, t.session, t.parent_trace,
  t.deployment, t.tags, t.evaluators, t.metadata, t.input_preview,
  t.output_preview, b.object, t.event_offset, t.event_length,
  t.open, t.root_child, t.active_us, t.ended, t.event_context)";

/// Those of them that a client may make long, and that a session does not show.
const LONG: &str = "t.session, t.parent_trace,
  t.deployment, t.tags, t.evaluators, t.metadata";

/// [`TRACE`] with nothing in place of what is long: five hundred traces with all
/// of it are more than an isolate's memory.
pub(super) fn short_trace() -> String {
    TRACE.replacen(LONG, "null, null, null, null, null, null", 1)
}

/// Conditions and what is bound in them, counted together.
pub(super) struct Builder {
    pub(super) clauses: String,
    pub(super) params: Vec<Param>,
}

impl Builder {
    pub(super) fn new(project: &str) -> Self {
        Self { clauses: String::new(), params: vec![project.into()] }
    }

    /// Binds a value; returns its `?n`.
    pub(super) fn bind(&mut self, value: impl Into<Param>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    /// Binds a time, as text: in microseconds the year 9999 is beyond what a
    /// JavaScript number holds exactly.
    pub(super) fn bind_time(&mut self, at: Micros) -> String {
        format!("cast({} as integer)", self.bind(at.to_string()))
    }

    /// Traces `t` after a place in the list's order, from a time on, up to a time.
    pub(super) fn range(
        &mut self,
        after: Option<&(Micros, String)>,
        from: Option<Micros>,
        to: Option<Micros>,
    ) {
        if let Some((start, id)) = after {
            let (start, id) = (self.bind_time(*start), self.bind(&*pack(id)));
            self.and(&format!("(t.start_us, t.id) < ({start}, {id})"));
        }
        for (side, time) in [(">=", from), ("<=", to)] {
            if let Some(time) = time {
                let time = self.bind_time(time);
                self.and(&format!("t.start_us {side} {time}"));
            }
        }
    }

    /// The condition that a trace has this status at this time.
    pub(super) fn has_status(&mut self, status: TraceStatus, now: Millis) -> String {
        let quiet = self.bind_time(TraceStatus::quiet_before(now));
        format!("({}) = '{}'", TraceStatus::SQL.replace("$QUIET", &quiet), status.as_str())
    }

    pub(super) fn and(&mut self, condition: &str) {
        self.clauses.push_str(" and ");
        self.clauses.push_str(condition);
    }
}

/// What the trace's spans are kept under.
pub(super) const KEY: &str = "(select key from trace where project = ?1 and id = ?2)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_trace_has_as_many_columns() {
        let columns = |sql: &str| sql.replace("''", "").matches(',').count();
        assert_ne!(short_trace(), TRACE);
        assert_eq!(columns(&short_trace()), columns(TRACE));
    }
}
