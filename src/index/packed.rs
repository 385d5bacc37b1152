//! Some of a project's traces with the spans that are packed in their rows, newest first;
//! and what traces come to by session. Both look at a bounded number of rows. Leaves out
//! spans that have rows of their own.

use serde_tuple::Deserialize_tuple;

use super::found::{Span, read_pack};
use super::query::{Builder, Keys};
use super::read::read_key;
use super::traces::{ListPlace, MAX_ROWS_SCANNED, Next, PAGE_BYTES, Seen, gather};
use super::{QueryResults, Statement, decode};
use crate::error::Fault;
use crate::model::Micros;
use ingest_core::fold::compact_id::unpack;
use ingest_core::index_writer::template::fill;
use ingest_core::{named_row, sql_file};

sql_file!(packed_sql, "sql/packed_traces.sql", &[]);
sql_file!(sums_sql, "sql/trace_sums.sql", &[]);

/// Which traces are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those in which something failed.
    Failed,
    /// All.
    All,
}

impl Wanted {
    fn condition(self) -> &'static str {
        match self {
            Self::Failed => "(t.errors > 0)",
            Self::All => "true",
        }
    }
}

/// A part of the list of traces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// Those that start in this time, both ends included.
    pub start: (Option<Micros>, Option<Micros>),
    /// Those after this place.
    pub after: Option<ListPlace>,
    /// Those up to this place, and it.
    pub to: Option<ListPlace>,
}

impl Part {
    fn range(&self, sql: &mut Builder) -> String {
        let Self { start, after, to } = *self;
        let from = to.map(|place| place.key);
        sql.keys(&Keys { from, before: after.map(|place| place.key), start })
    }
}

named_row! {
    #[derive(Debug, Deserialize_tuple)]
    struct Row {
        wanted: u8,
        end: u8,
        key: String,
        id: String,
        name: String,
        start_us: Micros,
        end_us: Option<Micros>,
        spans: i64,
        pack: String,
    }
}

/// A trace with the spans that are packed in its row, in their order.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct PackedTrace {
    pub place: ListPlace,
    pub id: String,
    pub name: String,
    pub start_us: Micros,
    pub end_us: Option<Micros>,
    /// How many spans it has in all.
    pub count: i64,
    pub spans: Vec<Span>,
}

/// At most so many of the wanted traces of a part.
#[must_use]
pub fn select_packed(project: &str, part: &Part, wanted: Wanted, limit: usize) -> Statement {
    let mut sql = Builder::new(project);
    let range = part.range(&mut sql);
    let holes = [
        ("PAGE_BYTES", &*PAGE_BYTES.to_string()),
        ("WANTED", wanted.condition()),
        ("RANGE", &range),
        ("ROWS", &MAX_ROWS_SCANNED.to_string()),
        ("LIMIT", &(limit + 1).to_string()),
    ];
    Statement::new(fill(packed_sql(), &holes), sql.params)
}

/// What [`select_packed`] found.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for, or cannot be unpacked.
pub fn read_packed(
    ran: &QueryResults,
    project: &str,
    limit: usize,
) -> Result<(Vec<PackedTrace>, Next), Fault> {
    let found = ran.rows.first().map(Vec::as_slice).unwrap_or_default();
    gather(found, limit, |json| {
        let row: Row = decode(json)?;
        let place = ListPlace { key: read_key(&row.key)?, start_us: row.start_us };
        let spans = match &*row.pack {
            "" => Vec::new(),
            pack => read_pack(project, pack, row.spans)?,
        };
        let Row { wanted, end, id, name, start_us, end_us, spans: count, .. } = row;
        let row = PackedTrace { place, id: unpack(id), name, start_us, end_us, count, spans };
        Ok(Seen { row, place, hit: wanted != 0, end: end != 0 })
    })
}

/// What traces are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum By {
    /// Nothing: all of them together.
    All,
    Session,
}

impl By {
    /// What a trace is grouped by.
    fn sql(self) -> &'static str {
        match self {
            Self::All => "''",
            Self::Session => "t.session",
        }
    }
}

/// What some traces come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize_tuple)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct Sum {
    pub by: String,
    pub traces: i64,
    pub tokens: i64,
    pub cost_nano: i64,
}

/// The groups of a part that cost most, at most so many.
#[must_use]
pub fn select_sums(project: &str, part: &Part, by: By, groups: usize) -> Statement {
    let mut sql = Builder::new(project);
    let range = part.range(&mut sql);
    let holes = [
        ("BY", by.sql()),
        ("RANGE", &*range),
        ("ROWS", &*MAX_ROWS_SCANNED.to_string()),
        ("GROUPS", &*groups.to_string()),
    ];
    Statement::new(fill(sums_sql(), &holes), sql.params)
}

/// What [`select_sums`] found.
///
/// # Errors
/// As [`read_packed`].
pub fn read_sums(rows: &[String]) -> Result<Vec<Sum>, Fault> {
    rows.iter().map(|row| decode(row)).collect()
}
