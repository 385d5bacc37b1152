//! The spans of a trace in parts, as statements. A trace may have any number, so no
//! statement gives them all: they come in order of start (those without one last), then of
//! id as it is kept, after a place in that order, up to a number and to a bound of bytes.
//! Those that are packed in the trace's row come with it, and are no more than it holds.

use super::query;
use super::query::key;
use super::{Param, Statement, json};
use crate::model::Micros;
use ingest_core::fold::compact_id::pack;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;

sql_file!(row_sql, "sql/trace_row.sql", &[]);
sql_file!(pack_sql, "sql/trace_pack.sql", &[]);
sql_file!(spans_sql, "sql/spans.sql", &[]);
sql_file!(ids_sql, "sql/named_ids.sql", &[]);
sql_file!(envelopes_sql, "sql/named_envelopes.sql", &[]);

/// Most spans in a part. Ten thousand small ones are 4 MB of an answer and take
/// half a second.
pub const MAX_SPANS: usize = 10_000;
/// A part ends with the span that brings the rows that spans have of their own to so many
/// bytes: 300 of most spans.
pub const PART_BYTES: usize = 3 * 1024 * 1024;
/// Bytes of rows in one row of text, or one more row. A text in D1 is at most 2,000,000
/// bytes, and the row of a span that says all that it may a hundred times 300,000.
const ROW_BYTES: usize = 512 * 1024;
/// Where spans without a start are in the order.
const LAST: Micros = Micros::MAX;
/// When a span is in the order.
const START: &str = "coalesce(start_us, 9223372036854775807)";

/// A place in the order: of the span that comes before it, with its id as it is kept.
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

/// Where a span is in the order, by its id as it is kept.
#[must_use]
pub fn place_in_order(start: Option<Micros>, id: &str) -> SpanPlace {
    (start.unwrap_or(LAST), id.to_owned())
}

/// One trace with the first of its spans: as many as a page shows.
#[must_use]
pub fn select_trace(project: &str, id: &str) -> Vec<Statement> {
    select_part(project, id, &SpanPart::FIRST)
}

/// The trace's row; what is packed in it; then a part of the spans that have rows of their
/// own, many in a row of text. One span more than asked for tells whether there are more;
/// what is beyond the bound of bytes comes as `null`.
#[must_use]
pub fn select_part(project: &str, trace: &str, part: &SpanPart) -> Vec<Statement> {
    let mut params = of_trace(project, trace);
    let which = part.after.as_ref().map_or("true".into(), |(after, id)| {
        // Times are bound as text: see `query`.
        params.extend([after.to_string().into(), (&**id).into()]);
        format!("({START}, id) > (cast(?3 as integer), ?4)")
    });
    select(project, trace, &which, part.most + 1, params)
}

/// The same with one span alone: by key, however many the trace has.
#[must_use]
pub fn select_span(project: &str, trace: &str, span: &str) -> Vec<Statement> {
    let mut params = of_trace(project, trace);
    params.push((&*pack(span)).into());
    select(project, trace, "id = ?3", 1, params)
}

fn of_trace(project: &str, trace: &str) -> Vec<Param> {
    vec![project.into(), (&*pack(trace)).into()]
}

fn select(
    project: &str,
    trace: &str,
    which: &str,
    most: usize,
    params: Vec<Param>,
) -> Vec<Statement> {
    let spans = fill(
        spans_sql(),
        &[
            ("PART_BYTES", &PART_BYTES.to_string()),
            ("ROW_BYTES", &ROW_BYTES.to_string()),
            ("KEY", &key()),
            ("WHICH", which),
            ("START", START),
            ("MOST", &most.to_string()),
        ],
    );
    let pack = fill(pack_sql(), &[("TENANT", TENANT)]);
    vec![
        select_trace_row(project, trace),
        Statement::new(pack, of_trace(project, trace)),
        Statement::new(spans, params),
    ]
}

/// The trace's row alone.
#[must_use]
pub fn select_trace_row(project: &str, trace: &str) -> Statement {
    let sql = fill(row_sql(), &[("TRACE", query::whole_trace()), ("TENANT", TENANT)]);
    Statement::new(sql, of_trace(project, trace))
}

/// Which of these the trace has, of those that have rows of their own: spans with these
/// ids, as they are kept; and those with envelopes of these links, and their places.
#[must_use]
pub fn select_named(
    project: &str,
    trace: &str,
    ids: &[String],
    envelopes: &[u64],
) -> Vec<Statement> {
    let links: Vec<String> = envelopes.iter().map(|link| link.cast_signed().to_string()).collect();
    let holes = [("KEY", &*key()), ("START", START)];
    let with = |sql: &str, named: String| {
        let mut params = of_trace(project, trace);
        params.push(named.into());
        Statement::new(fill(sql, &holes), params)
    };
    vec![with(ids_sql(), json(ids)), with(envelopes_sql(), json(&links))]
}
