//! Questions to the index as statements. Each row comes back as one column
//! `json`, an array in text, in the order of the fields in [`super::read`]: reading rows as
//! objects costs twice the time in the Worker (measured: 22–44 ms against
//! 7–21 for 5,000 rows).

use super::pack::pack;
use super::{Param, Statement};
use crate::model::{Micros, Millis, TraceStatus};

/// Spans in one row of text. A text in D1 is at most 2,000,000 bytes, a span's
/// row some 4,800: its id, name and model have 256 bytes each at most, and JSON
/// writes a control character in six.
const SPANS_A_ROW: usize = 400;

/// The columns of a trace, as [`super::read::TraceRow`] has them.
pub(super) const TRACE: &str = "json_array(
  t.id, coalesce(t.name, t.root_name, ''), t.start_us, t.end_us, t.spans,
  t.errors, t.tokens, t.cost_nano, t.created_ms, t.session, t.parent_trace,
  t.deployment, t.tags, t.evaluators, t.metadata, t.input_preview,
  t.output_preview, b.object, t.event_offset, t.event_length,
  t.open, t.root_child, t.active_us, t.ended)";

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

/// One trace: its row, then its spans in rows of many, then the raw batches
/// that they lie in.
#[must_use]
pub fn get_trace(project: &str, id: &str) -> Vec<Statement> {
    get(project, id, None)
}

/// The same with one span alone: by key, however many the trace has. Its parent
/// is not among the rows.
#[must_use]
pub fn get_span(project: &str, trace: &str, span: &str) -> Vec<Statement> {
    get(project, trace, Some(span))
}

/// What the trace's spans are kept under.
const KEY: &str = "(select key from trace where project = ?1 and id = ?2)";

fn get(project: &str, id: &str, span: Option<&str>) -> Vec<Statement> {
    let only = if span.is_some() { " and id = ?3" } else { "" };
    let trace = format!(
        "select {TRACE} as json from trace as t
        left join batch as b on b.seq = t.event_batch and b.project = t.project
        where t.project = ?1 and t.id = ?2"
    );
    // Concatenated, not json_group_array(): that would parse each row again.
    let spans = format!(
        "select '[' || group_concat(row) || ']' as json from (
          select json_array(
            id, parent, envelope, name, type, status, start_us,
            took_us + coalesce(start_us, 0), model,
            prompt_tokens, completion_tokens, total_tokens, cost_nano, batch,
            offset, length) as row,
            (row_number() over () - 1) / {SPANS_A_ROW} as part
          from span where trace = {KEY}{only})
        group by part"
    );
    // `+project`: checked, but not by its index, along which SQLite would read
    // all the project's batches.
    let batches = format!(
        "select json_array(seq, object, received_ms) as json from batch
        where +project = ?1 and seq in (
          select batch from span where trace = {KEY}{only})"
    );
    let params = || vec![project.into(), (&*pack(id)).into()];
    let of_spans = || params().into_iter().chain(span.map(|span| (&*pack(span)).into())).collect();
    vec![
        Statement { sql: trace.into(), params: params() },
        Statement { sql: spans.into(), params: of_spans() },
        Statement { sql: batches.into(), params: of_spans() },
    ]
}

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
