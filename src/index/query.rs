//! Questions to the index as statements. Each row comes back as one column
//! `json`, an array in text, in the order of the fields in [`super::read`]: reading rows as
//! objects costs twice the time in the Worker (measured: 22–44 ms against
//! 7–21 for 5,000 rows).

use std::sync::LazyLock;

use super::Param;
use crate::model::{Micros, Millis, TraceStatus};
use ingest_core::index_writer::compact_id::pack;
use ingest_core::index_writer::template::fill;

/// A field of a row, and the SQL expression that it is.
pub(super) type Column = (&'static str, &'static str);

/// The columns of a trace, as [`super::read::TraceRow`] has them.
pub(super) const TRACE: &[Column] = &[
    ("id", "t.id"),
    ("name", "coalesce(t.name, t.root_name, '')"),
    ("start_us", "t.start_us"),
    ("end_us", "t.end_us"),
    ("spans", "t.spans"),
    ("errors", "t.errors"),
    ("tokens", "t.tokens"),
    ("cost_nano", "t.cost_nano"),
    ("created_ms", "t.created_ms"),
    ("session", "t.session"),
    ("user", "t.user"),
    ("parent_trace", "t.parent_trace"),
    ("deployment", "t.deployment"),
    ("tags", "t.tags"),
    ("evaluators", "t.evaluators"),
    ("metadata", "t.metadata"),
    ("input_preview", "t.input_preview"),
    ("output_preview", "t.output_preview"),
    ("event_object", "b.object"),
    ("event_offset", "t.event_offset"),
    ("event_length", "t.event_length"),
    ("event_context", "t.event_context"),
    ("open", "t.open"),
    ("root_child", "t.root_child"),
    ("active_us", "t.active_us"),
    ("ended", "t.ended"),
];

/// Those of them that a client may make long, and that a session does not show.
const LONG: [&str; 7] =
    ["session", "user", "parent_trace", "deployment", "tags", "evaluators", "metadata"];

/// A row with these columns, as JSON.
pub(super) fn json_row(columns: &[Column]) -> String {
    let expressions: Vec<_> = columns.iter().map(|(_, expression)| *expression).collect();
    format!("json_array({})", expressions.join(", "))
}

/// The row of a trace, as JSON.
pub(super) fn trace() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| json_row(TRACE));
    &SQL
}

/// The same with nothing in place of what is long: five hundred traces with all
/// of it are more than an isolate's memory.
pub(super) fn short_trace() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let short = |(field, expression): &Column| {
            (*field, if LONG.contains(field) { "null" } else { *expression })
        };
        json_row(&TRACE.iter().map(short).collect::<Vec<_>>())
    });
    &SQL
}

/// Whether columns are a row's fields, in order.
#[cfg(test)]
pub(super) fn are_fields(columns: &[Column], fields: &[&str]) -> bool {
    let plain = |name: &str| name.trim_start_matches("r#").to_owned();
    columns.iter().map(|(field, _)| plain(field)).eq(fields.iter().map(|field| plain(field)))
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
        format!("({}) = '{}'", fill(TraceStatus::SQL, &[("QUIET", &quiet)]), status.as_str())
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
    use crate::index::read::TraceRow;

    #[test]
    fn columns_are_the_fields_of_their_row() {
        assert!(are_fields(TRACE, TraceRow::FIELDS));
        assert!(LONG.iter().all(|long| TRACE.iter().any(|(field, _)| field == long)));
        assert_eq!(short_trace().matches("null").count(), LONG.len());
    }
}
