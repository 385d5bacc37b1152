//! The list as a statement, the dashboard's and the API's. It walks the project's
//! traces along their keys, in order of when they were first known to start, newest
//! first, and ends with a page full, a bounded number of rows looked at or a bounded
//! number of bytes, whichever comes first: a filter that nothing passes costs the same in
//! a project of any age. Where it ended it says, to go on from there.

use serde_tuple::Deserialize_tuple;

pub use super::filter::Filter;
use super::filter::{conditions, more_columns};
use super::query;
use super::query::{Builder, Keys};
use super::read::{TraceRow, read_key};
use super::{QueryResults, Statement, decode};
use crate::error::Fault;
use crate::model::{Micros, Millis, Progress, TraceStatus};
use ingest_core::fold::compact_id::unpack;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::template::fill;
use ingest_core::{named_row, sql_file};

sql_file!(walk_sql, "sql/walk.sql", &[]);
sql_file!(among_sql, "sql/among.sql", &[]);
sql_file!(page_of_sql, "sql/page_of.sql", &[]);
sql_file!(list_page_sql, "sql/list_page.sql", &[]);
sql_file!(list_traces_sql, "sql/list_traces.sql", &[]);
sql_file!(list_reach_sql, "sql/list_reach.sql", &[]);
sql_file!(scores_in_list_sql, "sql/scores_in_list.sql", &[]);
sql_file!(any_trace_sql, "sql/any_trace.sql", &[]);

/// Rows that one question looks at, at most. D1 bills each, and they take some
/// 30 ms (measured).
pub const MAX_ROWS_SCANNED: i64 = 5_000;
/// Most scores of a trace that its row in the list is made of: each is a row read.
const MAX_SCORES_IN_LIST: usize = 100;
/// A page ends with the trace that brings it to so many bytes: clients may give a
/// trace some 200 KB of tags and evaluators, and a hundred of those are more than
/// an answer should hold. Ordinary traces have less than 1 KB, 6 with metadata.
pub const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// A place in the list: of the trace that comes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPlace {
    /// Its key, which never changes.
    pub key: i64,
    /// When it started, as far as was known: for people to read.
    pub start_us: Micros,
}

named_row! {
    /// A trace as the list shows it.
    #[derive(Debug, Clone, PartialEq, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct ListRow {
        /// Its key, in text.
        pub key: String,
        pub id: String,
        pub name: String,
        pub start_us: Micros,
        pub end_us: Option<Micros>,
        pub spans: i64,
        pub errors: i64,
        pub tokens: i64,
        pub cost_nano: i64,
        pub session: Option<String>,
        pub tags: Option<String>,
        pub input_preview: Option<String>,
        pub output_preview: Option<String>,
        pub open: i64,
        pub root_child: u8,
        pub active_us: Micros,
        pub ended: u8,
        pub root_failed: Option<u8>,
        pub failures: i64,
        pub error_preview: Option<String>,
        /// Its scores by evaluator, as JSON: name, how many, and their average.
        scores: Option<String>,
        /// Whether the filter lets it through.
        hit: u8,
        /// Whether it is the last one that was looked at.
        end: u8,
    }
}

impl ListRow {
    /// What its scores come to, by evaluator.
    #[must_use]
    pub fn scores(&self) -> Vec<ScoresInList> {
        let scores = self.scores.as_deref().map(serde_json::from_str);
        scores.and_then(Result::ok).unwrap_or_default()
    }

    /// How the trace goes or went, as of a time.
    #[must_use]
    pub fn status(&self, now: Millis) -> TraceStatus {
        let Self { spans, errors, open, root_child, active_us, ended, root_failed, .. } = *self;
        let progress = Progress { spans, errors, open, root_child, active_us, ended, root_failed };
        TraceStatus::of(&progress, now)
    }
}

/// The scores of a trace that are one evaluator's.
#[derive(Debug, Clone, PartialEq, Deserialize_tuple)]
pub struct ScoresInList {
    /// The evaluator's name.
    pub name: String,
    /// How many there are.
    pub count: i64,
    /// The average of those that are numbers.
    pub mean: Option<f64>,
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The traces, newest first.
    pub rows: Vec<ListRow>,
    /// Where it goes on.
    pub next: Next,
    /// Whether the project has any trace at all.
    pub any: bool,
    /// The last trace that was compared, in an order that is not of all.
    pub compared_to: Option<ListPlace>,
}

/// What comes after a part of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<P = ListPlace> {
    /// Nothing.
    End,
    /// More traces, after this place.
    More(P),
    /// Perhaps more: so far it was looked.
    Perhaps(P),
}

impl<P> Next<P> {
    /// Where to go on, unless there is nothing.
    #[must_use]
    pub fn place(self) -> Option<P> {
        match self {
            Self::End => None,
            Self::More(place) | Self::Perhaps(place) => Some(place),
        }
    }
}

/// What is walked along.
pub(super) struct Walk<'a> {
    pub(super) filter: &'a Filter,
    pub(super) after: Option<ListPlace>,
    /// The key before which nothing is looked at.
    pub(super) from: Option<i64>,
    /// The traces it is of, by their ids as they are kept, where it is not all.
    pub(super) among: Option<&'a [&'a str]>,
}

/// The walk as a subquery, with `hit` for whether the filter lets a row through.
pub(super) struct Walking {
    pub(super) sql: Builder,
    pub(super) text: String,
}

impl Walk<'_> {
    pub(super) fn build(&self, project: &str) -> Walking {
        let Self { filter, after, from, among } = *self;
        let mut sql = Builder::new(project);
        let traces = match among {
            None => "trace as t".into(),
            Some(ids) => {
                let ids = sql.bind(serde_json::to_string(ids).unwrap_or_default());
                fill(among_sql(), &[("IDS", &ids), ("TENANT", TENANT)])
            }
        };
        let (start, before) = ((filter.from, filter.to), after.map(|place| place.key));
        let range = sql.keys(&Keys { from, before, start });
        let hit = conditions(&mut sql, filter);
        let more = more_columns(filter);
        let holes = [("HIT", &*hit), ("RANGE", &range), ("MORE", more), ("TRACES", &traces)];
        Walking { sql, text: fill(walk_sql(), &holes) }
    }
}

/// A walk, and the condition that holds for the last row that may be looked at.
fn walk(
    project: &str,
    filter: &Filter,
    after: Option<ListPlace>,
    among: Option<&[&str]>,
) -> (Builder, String, String) {
    let Walking { sql, text } = Walk { filter, after, from: None, among }.build(project);
    // Of those that are named none is too many.
    let most = if among.is_some() { i64::MAX } else { MAX_ROWS_SCANNED };
    (sql, text, format!("walked >= {most}"))
}

/// The fields of a row of the list, with its scores; `end` says whether it is the last.
pub(super) fn list_fields(end: &str) -> String {
    let most = MAX_SCORES_IN_LIST.to_string();
    fields_with(end, &fill(scores_in_list_sql(), &[("TENANT", TENANT), ("MOST", &most)]))
}

fn fields_with(end: &str, scores: &str) -> String {
    // The walk has columns of these names, but for three.
    let fields = ListRow::FIELDS.iter().map(|field| match *field {
        "end" => end,
        "key" => "cast(key as text)",
        "scores" => scores,
        other => other,
    });
    fields.collect::<Vec<_>>().join(", ")
}

/// Whether the project has any trace.
pub(super) fn any_trace(project: &str) -> Statement {
    let range = Builder::new(project).keys(&Keys::default());
    Statement::new(fill(any_trace_sql(), &[("RANGE", &range)]), vec![project.into()])
}

/// Of rows with a `json` and how many bytes they `weigh`, those that a page holds;
/// of the others only that they are there.
pub(super) fn a_page_of(rows: &str) -> String {
    fill(page_of_sql(), &[("PAGE_BYTES", &PAGE_BYTES.to_string()), ("ROWS", rows)])
}

/// At most so many traces after a place, and whether there are any at all.
#[must_use]
pub fn select_page(
    project: &str,
    filter: &Filter,
    after: Option<ListPlace>,
    limit: usize,
) -> [Statement; 2] {
    select_page_among(project, filter, after, None, limit)
}

/// The same of some traces, by their ids as they are kept, where it is not all that it is of.
#[must_use]
pub fn select_page_among(
    project: &str,
    filter: &Filter,
    after: Option<ListPlace>,
    among: Option<&[&str]>,
    limit: usize,
) -> [Statement; 2] {
    page_with(project, walk(project, filter, after, among), limit, list_fields)
}

/// The newest for who shows no scores: each is a row read.
#[must_use]
pub fn select_page_without_scores(project: &str, filter: &Filter, limit: usize) -> [Statement; 2] {
    page_with(project, walk(project, filter, None, None), limit, |end| fields_with(end, "null"))
}

fn page_with(
    project: &str,
    (sql, walk, end): (Builder, String, String),
    limit: usize,
    fields: impl Fn(&str) -> String,
) -> [Statement; 2] {
    let fields = fields(&end);
    let limit = (limit + 1).to_string();
    let holes = [("FIELDS", &*fields), ("WALK", &walk), ("END", &end), ("LIMIT", &limit)];
    let text = a_page_of(&fill(list_page_sql(), &holes));
    [Statement::new(text, sql.params), any_trace(project)]
}

/// The place of the last of so many traces from the newest on; no row where there are fewer.
#[must_use]
pub fn select_reach(project: &str, filter: &Filter, most: i64) -> Statement {
    let mut sql = Builder::new(project);
    let range = sql.keys(&Keys { start: (filter.from, filter.to), ..Keys::default() });
    let text = fill(list_reach_sql(), &[("RANGE", &range), ("OFFSET", &(most - 1).to_string())]);
    Statement::new(text, sql.params)
}

/// What [`select_reach`] found.
///
/// # Errors
/// As [`read_page`].
pub fn read_reach(ran: &QueryResults) -> Result<Option<ListPlace>, Fault> {
    let row = ran.rows.first().and_then(|rows| rows.first());
    let Some(row) = row else { return Ok(None) };
    let (key, start_us): (String, Micros) = decode(row)?;
    Ok(Some(ListPlace { key: read_key(&key)?, start_us }))
}

/// The same for the API: the traces with all that the index has of them.
#[must_use]
pub fn select_traces(
    project: &str,
    filter: &Filter,
    after: Option<ListPlace>,
    limit: usize,
) -> Vec<Statement> {
    select_traces_among(project, filter, after, None, limit)
}

/// The same as [`select_page_among`] does.
#[must_use]
pub fn select_traces_among(
    project: &str,
    filter: &Filter,
    after: Option<ListPlace>,
    among: Option<&[&str]>,
    limit: usize,
) -> Vec<Statement> {
    let (sql, walk, end) = walk(project, filter, after, among);
    let limit = (limit + 1).to_string();
    let holes = [("TRACE", query::trace()), ("WALK", &walk), ("END", &end), ("LIMIT", &limit)];
    let text = a_page_of(&fill(list_traces_sql(), &holes));
    vec![Statement::new(text, sql.params)]
}

/// What [`select_page`] found, or [`select_page_without_scores`].
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_page(ran: &QueryResults, limit: usize) -> Result<Page, Fault> {
    let [found, any] = ran.rows.as_slice() else {
        return Err(Fault::Internal("a list is two results".into()));
    };
    let (rows, next) = gather(found, limit, |json| {
        let row: ListRow = decode(json)?;
        let row = ListRow { id: unpack(row.id), ..row };
        let place = ListPlace { key: read_key(&row.key)?, start_us: row.start_us };
        Ok(Seen { place, hit: row.hit != 0, end: row.end != 0, row })
    })?;
    Ok(Page { rows, next, any: !any.is_empty(), compared_to: None })
}

/// What [`select_traces`] found.
///
/// # Errors
/// As [`read_page`].
pub fn read_traces(ran: &QueryResults, limit: usize) -> Result<(Vec<TraceRow>, Next), Fault> {
    let found = ran.rows.first().map(Vec::as_slice).unwrap_or_default();
    gather(found, limit, |json| {
        let (hit, end, row): (u8, u8, TraceRow) = decode(json)?;
        let row = TraceRow { id: unpack(row.id), ..row };
        let place = ListPlace { key: read_key(&row.key)?, start_us: row.start_us };
        Ok(Seen { place, hit: hit != 0, end: end != 0, row })
    })
}

/// A row that came back from a walk.
pub(super) struct Seen<T, P> {
    pub(super) row: T,
    pub(super) place: P,
    /// Whether the filter lets it through.
    pub(super) hit: bool,
    /// Whether it is the last one that was looked at.
    pub(super) end: bool,
}

/// The rows of a page, and where it goes on.
pub(super) fn gather<T, P>(
    found: &[String],
    limit: usize,
    decode: impl Fn(&str) -> Result<Seen<T, P>, Fault>,
) -> Result<(Vec<T>, Next<P>), Fault> {
    let mut rows = Vec::new();
    let mut last = None;
    for json in found {
        if json.is_empty() {
            return Ok((rows, last.map_or(Next::End, Next::More)));
        }
        let Seen { row, place, hit, end } = decode(json)?;
        if hit && rows.len() == limit {
            return Ok((rows, last.map_or(Next::End, Next::More)));
        }
        if hit {
            rows.push(row);
        }
        if end {
            return Ok((rows, Next::Perhaps(place)));
        }
        last = Some(place);
    }
    Ok((rows, Next::End))
}
