//! Questions to the index as statements. Each row comes back as one column
//! `json`, an array in text, in the order of the fields in [`super::read`]: reading rows as
//! objects costs twice the time in the Worker (measured: 22–44 ms against
//! 7–21 for 5,000 rows).

use std::sync::LazyLock;

use super::Param;
use crate::model::{Micros, Millis, TraceStatus};
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::stored_row::{COUNT_BITS, MOVED, SECOND_BITS, key_second};
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

/// A field of a row, and the SQL expression that it is.
pub(super) type Column = (&'static str, &'static str);

/// The columns of a trace, as [`super::read::TraceRow`] has them.
pub(super) const TRACE: &[Column] = &[
    ("project", "?1"),
    ("key", "cast(t.key as text)"),
    ("id", "t.id"),
    ("name", "coalesce(t.name, '')"),
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
    HEAD,
    ("open", "t.open"),
    ("root_child", "t.root_child"),
    ("active_us", "t.active_us"),
    ("ended", "t.ended"),
    ("root_failed", "t.root_failed"),
    ("failures", "coalesce(t.failures, t.errors)"),
    ("error_preview", "t.error_preview"),
    ("scores", "($SCORES)"),
];

sql_file!(scores_sql, "sql/count_scores.sql", &[]);

/// Most scores of a trace that are counted: each is a row read, of every trace in a list.
const MAX_SCORES_COUNTED: usize = 1_000;

/// What is packed of a trace in its row, besides its spans.
const HEAD: Column = ("head", "case when t.metadata = '' then hex(t.head) end");

/// Those of them that a client may make long, and that a session does not show.
/// Neither are its scores counted there.
const LONG: [&str; 9] = [
    "session",
    "user",
    "parent_trace",
    "deployment",
    "tags",
    "evaluators",
    "metadata",
    "head",
    "scores",
];

/// A row with these columns, as JSON.
fn json_row(columns: &[Column]) -> String {
    let expressions: Vec<_> = columns.iter().map(|(_, expression)| *expression).collect();
    format!("json_array({})", expressions.join(", "))
}

/// The row of a trace, as JSON.
pub(super) fn trace() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let most = MAX_SCORES_COUNTED.to_string();
        let scores = fill(scores_sql(), &[("TENANT", TENANT), ("MOST", &most)]);
        fill(&json_row(TRACE), &[("SCORES", &scores)])
    });
    &SQL
}

/// The same of one trace alone: where its own input and output lie, too.
pub(super) fn whole_trace() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| trace().replace(HEAD.1, "hex(t.head)"));
    &SQL
}

/// The same without a count of its scores: each is a row read.
pub(super) fn unscored_trace() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let unscored = |(field, expression): &Column| match *field {
            "head" => (*field, "hex(t.head)"),
            "scores" => (*field, "null"),
            _ => (*field, *expression),
        };
        json_row(&TRACE.iter().map(unscored).collect::<Vec<_>>())
    });
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

/// Bits of a key below the project's number.
const PROJECT_BITS: u32 = SECOND_BITS + COUNT_BITS;

/// The counts within a second, as a mask.
pub(super) const COUNTS: i64 = (1 << COUNT_BITS) - 1;

/// The seconds, as a mask.
pub(super) const SECONDS: i64 = (1 << SECOND_BITS) - 1;

/// A trace may turn out to have started so much earlier than it was first known to start,
/// and is still found by its start.
const MOVED_US: Micros = 60 * 60 * 1_000_000;

/// The first key that traces of the project may have.
pub(super) fn first_key() -> String {
    format!("({TENANT} << {PROJECT_BITS})")
}

/// The last.
pub(super) fn last_key() -> String {
    format!("({TENANT} << {PROJECT_BITS} | {})", (1_i64 << PROJECT_BITS) - 1)
}

/// Conditions and what is bound in them, counted together.
pub(super) struct Builder {
    pub(super) params: Vec<Param>,
}

/// Some of a project's traces by their keys.
#[derive(Default)]
pub(super) struct Keys {
    /// From this key on.
    pub(super) from: Option<i64>,
    /// Up to this key, which is not among them.
    pub(super) before: Option<i64>,
    /// Those that start in this time, both ends included.
    pub(super) start: (Option<Micros>, Option<Micros>),
}

impl Builder {
    pub(super) fn new(project: &str) -> Self {
        Self { params: vec![project.into()] }
    }

    /// Binds a value; returns its `?n`.
    pub(super) fn bind(&mut self, value: impl Into<Param>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    /// Binds a time or a key, as text: in microseconds the year 9999 is beyond what a
    /// JavaScript number holds exactly.
    pub(super) fn bind_time(&mut self, at: Micros) -> String {
        format!("cast({} as integer)", self.bind(at.to_string()))
    }

    /// Traces `t` of the project that have these keys. `SQLite` goes along a table from
    /// one bound to one other, so there is one of each.
    pub(super) fn keys(&mut self, keys: &Keys) -> String {
        let (mut least, mut most) = (vec![first_key()], vec![last_key()]);
        let second = |sql: &mut Self, at: Micros| {
            let bits = sql.bind(key_second(at) << COUNT_BITS);
            format!("({} | {bits})", first_key())
        };
        let (mut starts, (from, to)) = (String::new(), keys.start);
        if let Some(from) = from {
            least.push(second(self, from));
            let from = self.bind_time(from);
            starts = format!(" and t.start_us >= {from}");
        }
        if let Some(to) = to {
            most.push(format!("({} | {COUNTS})", second(self, to.saturating_add(MOVED_US))));
            let to = self.bind_time(to);
            starts = format!("{starts} and t.start_us <= {to}");
        }
        if let Some(key) = keys.from {
            least.push(self.bind_time(key));
        }
        if let Some(key) = keys.before {
            most.push(format!("{} - 1", self.bind_time(key)));
        }
        let bound = |function: &str, bounds: &[String]| match bounds {
            [one] => one.clone(),
            all => format!("{function}({})", all.join(", ")),
        };
        let (least, most) = (bound("max", &least), bound("min", &most));
        // What is a part of another trace is in that.
        format!("t.key >= {least} and t.key <= {most} and t.root_child < {MOVED}{starts}")
    }

    /// The condition that a trace has this status at this time.
    pub(super) fn has_status(&mut self, status: TraceStatus, now: Millis) -> String {
        let quiet = self.bind_time(TraceStatus::quiet_before(now));
        format!("({}) = '{}'", fill(TraceStatus::SQL, &[("QUIET", &quiet)]), status.as_str())
    }
}

/// The seconds that keys of traces name which start in this time, both ends included.
#[must_use]
pub fn seconds(from: Option<Micros>, to: Option<Micros>) -> (i64, i64) {
    let to = to.map_or(Micros::MAX, |to| to.saturating_add(MOVED_US));
    (from.map_or(0, key_second), key_second(to))
}

/// What the trace's spans are kept under.
pub(super) fn key() -> String {
    format!("(select key from trace where project = {TENANT} and id = ?2)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::read::TraceRow;

    #[test]
    fn columns_are_the_fields_of_their_row() {
        let fields = TRACE.iter().map(|(field, _)| *field);
        assert!(fields.eq(TraceRow::FIELDS.iter().copied()));
        assert!(LONG.iter().all(|long| TRACE.iter().any(|(field, _)| field == long)));
        assert_eq!(short_trace().matches("null").count(), LONG.len());
    }
}
