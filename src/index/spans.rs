//! The spans of a trace in parts, as statements. A trace may have any number, so
//! no statement gives them all: they come in order of start (those without one
//! last), then of id, after a place in that order, up to a number and to a bound
//! of bytes.

use super::query;
use super::query::{Column, KEY, json_row};
use super::{Param, Statement};
use crate::model::Micros;
use ingest_core::index_writer::compact_id::pack;
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

sql_file!(row_sql, "sql/trace_row.sql", &[]);
sql_file!(part_sql, "sql/span_part.sql", &[]);
sql_file!(spans_sql, "sql/spans.sql", &[]);
sql_file!(ids_sql, "sql/spans_with_ids.sql", &[]);
sql_file!(envelopes_sql, "sql/spans_with_envelopes.sql", &[]);

/// Most spans in a part. Ten thousand small ones are 4 MB of an answer and take
/// half a second.
pub const MAX_SPANS: usize = 10_000;
/// A part ends with the span that brings its rows to so many bytes: 150 of most
/// spans, 4,800 of those with the longest ids, names and models.
pub const PART_BYTES: usize = 2 * 1024 * 1024;
/// Spans in one row of text. A text in D1 is at most 2,000,000 bytes, a span's
/// row some 4,800: its id, name and model have 256 bytes each at most, and JSON
/// writes a control character in six.
const SPANS_A_ROW: usize = 400;
/// Where spans without a start are in the order.
const LAST: Micros = Micros::MAX;

/// A place in the order: of the span that comes before it.
pub type SpanPlace = (Micros, String);

/// Which of a trace's spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanPart {
    /// Only those after this place.
    pub after: Option<SpanPlace>,
    /// At most so many.
    pub most: usize,
}

impl SpanPart {
    /// As many as there may be, from the beginning.
    pub const FIRST: Self = Self { after: None, most: MAX_SPANS };
}

/// Where a span is in the order.
#[must_use]
pub fn place_in_order(start: Option<Micros>, id: &str) -> SpanPlace {
    (start.unwrap_or(LAST), id.to_owned())
}

/// One trace with the first of its spans: as many as a page shows.
#[must_use]
pub fn select_trace(project: &str, id: &str) -> Vec<Statement> {
    select_part(project, id, &SpanPart::FIRST)
}

/// The trace's row; then a part of its spans in rows of many, and the raw batches
/// that they lie in. One span more than asked for tells whether there are more;
/// what is beyond the bound of bytes comes as `null`.
#[must_use]
pub fn select_part(project: &str, trace: &str, part: &SpanPart) -> Vec<Statement> {
    let mut params: Vec<Param> = vec![project.into(), (&*pack(trace)).into(), ALPHABET.into()];
    let after = part.after.as_ref().map_or("true".into(), |(after, id)| {
        // Times are bound as text: see `query`.
        params.extend([after.to_string().into(), (&**id).into()]);
        let (at, unpacked) = ("cast(?4 as integer)", unpacked("id"));
        format!("({START} > {at} or {START} = {at} and {unpacked} > ?5)")
    });
    let which = fill(
        part_sql(),
        &[
            ("START", START),
            ("KEY", KEY),
            ("AFTER", &after),
            ("MOST", &part.most.to_string()),
            ("UNPACKED", &unpacked("id")),
        ],
    );
    vec![select_trace_row(project, trace), spans_of(&which, params)]
}

/// The same with one span alone: by key, however many the trace has. Its parent is not
/// among the rows.
#[must_use]
pub fn select_span(project: &str, trace: &str, span: &str) -> Vec<Statement> {
    let which = format!("span where trace = {KEY} and id = ?4");
    let trace_id = pack(trace);
    let params = vec![project.into(), (&*trace_id).into(), ALPHABET.into(), (&*pack(span)).into()];
    vec![select_trace_row(project, trace), spans_of(&which, params)]
}

/// When a span is in the order.
const START: &str = "coalesce(start_us, 9223372036854775807)";

/// The columns of a span, as [`super::read::SpanRow`] has them.
const SPAN: &[Column] = &[
    ("id", "id"),
    ("parent", "parent"),
    ("envelope", "envelope"),
    ("name", "name"),
    ("type", "type"),
    ("status", "status"),
    ("start_us", "start_us"),
    ("end_us", "took_us + coalesce(start_us, 0)"),
    ("model", "model"),
    ("prompt_tokens", "prompt_tokens"),
    ("completion_tokens", "completion_tokens"),
    ("total_tokens", "total_tokens"),
    ("cost_nano", "cost_nano"),
    ("batch", "batch"),
    ("offset", "offset"),
    ("length", "length"),
    ("context", "context"),
];

/// Those of a batch, as [`super::read::BatchRow`] has them.
const BATCH: &[Column] = &[("seq", "seq"), ("object", "object"), ("received_ms", "received_ms")];

/// These spans, and their batches.
fn spans_of(which: &str, params: Vec<Param>) -> Statement {
    let sql = fill(
        spans_sql(),
        &[
            ("SPANS_A_ROW", &SPANS_A_ROW.to_string()),
            ("SPAN", &json_row(SPAN)),
            ("START", START),
            ("WHICH", which),
            ("PART_BYTES", &PART_BYTES.to_string()),
            ("UNPACKED", &unpacked("id")),
            ("BATCH", &json_row(BATCH)),
        ],
    );
    Statement::new(sql, params)
}

/// The trace's row alone.
#[must_use]
pub fn select_trace_row(project: &str, trace: &str) -> Statement {
    Statement {
        sql: fill(row_sql(), &[("TRACE", query::trace())]).into(),
        params: vec![project.into(), (&*pack(trace)).into()],
    }
}

/// Which of these the trace has: spans with these ids, as they are; and those with
/// these envelopes, each as `[envelope, id]`. Where several have the same envelope,
/// the last in order.
#[must_use]
pub fn select_named(project: &str, trace: &str, ids: &[&str], envelopes: &[i64]) -> Vec<Statement> {
    let params = |third: &str, more: Option<String>| {
        let first = [project.into(), (&*pack(trace)).into(), third.into()].into_iter();
        first.chain(more.map(Param::from)).collect()
    };
    let packed: Vec<_> = ids.iter().map(|id| pack(id)).collect();
    let by_id = fill(ids_sql(), &[("KEY", KEY)]);
    let by_envelope =
        fill(envelopes_sql(), &[("START", START), ("KEY", KEY), ("UNPACKED", &unpacked("id"))]);
    let json = |list: serde_json::Result<String>| list.unwrap_or_else(|_| "[]".into());
    vec![
        Statement {
            sql: by_id.into(),
            params: params(&json(serde_json::to_string(&packed)), None),
        },
        Statement {
            sql: by_envelope.into(),
            params: params(ALPHABET, Some(json(serde_json::to_string(envelopes)))),
        },
    ]
}

/// What base64url writes six bits as.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// An id as the client sent it, in SQL, with [`ALPHABET`] for `?3`: what
/// [`ingest_core::index_writer::compact_id::unpack`] says, because the order of spans is that of their ids
/// and not of how they are kept.
fn unpacked(column: &str) -> String {
    let six = |at: usize| format!("(instr(?3, substr({column}, {at}, 1)) - 1)");
    // Four characters from a place on are 24 bits. Beyond the end they are 0.
    let bits = |from: usize| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|n| six(from + n));
        format!("(({a} << 18) | ({b} << 12) | ({c} << 6) | {d})")
    };
    let groups = [2, 6, 10, 14, 18, 22].map(bits).join(", ");
    // In a table of its own, so that it is made once for each id.
    format!(
        "case
          when substr({column}, 1, 1) in ('~', '=', '-') then (
            with of (hex) as materialized (select format('%06x%06x%06x%06x%06x%06x', {groups}))
            select case substr({column}, 1, 1)
              when '~' then substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-' || substr(hex, 13, 4)
                || '-' || substr(hex, 17, 4) || '-' || substr(hex, 21, 12)
              when '=' then substr(hex, 1, 32)
              else substr(hex, 1, 16) end
            from of)
          when substr({column}, 1, 1) = '!' then substr({column}, 2)
          else {column} end"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn columns_are_the_fields_of_their_row() {
        assert!(query::are_fields(SPAN, crate::index::read::SpanRow::FIELDS));
        assert!(query::are_fields(BATCH, crate::index::read::BatchRow::FIELDS));
    }

    proptest! {
        #[test]
        fn unpacks_ids_as_they_were_sent(
            id in prop_oneof![
                "[-~=!0-9a-f]{1,40}",
                "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "[0-9a-f]{32}",
                "[0-9a-f]{16}",
                "[~=!-][A-Za-z0-9_-]{11,22}",
                "[a-zé😀]{1,9}",
            ],
        ) {
            let db = Connection::open_in_memory().unwrap();
            let sql = format!("select {} from (select ?1 as id, ?2)", unpacked("id"));
            let params = [&*pack(&id), "", ALPHABET];
            let sent: String = db.query_row(&sql, params, |row| row.get(0)).unwrap();
            prop_assert_eq!(sent, id);
        }
    }
}
