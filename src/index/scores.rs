//! Scores as questions to the index and their answers: one by its id, a project's newest
//! first, and those of a trace. What is deleted is as if it had never been there.
//!
//! A score is of a trace by naming it. One that names a span alone is the trace's whose span
//! that is: of the root, which has the trace's id in formats where clients do so, it is found
//! as the trace's own; of others by the ids of the trace's spans ([`select_of_spans`]), once
//! [`select_any_of_span_alone`] has found any.

use serde_tuple::Deserialize_tuple;

use super::query::Builder;
use super::traces::{Seen, a_page_of, gather};
use super::{QueryResults, Statement, decode, json};
use crate::error::Fault;
use crate::model::Micros;
use ingest_core::fold::compact_id::{pack, unpack};
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::template::fill;
use ingest_core::{named_row, sql_file};

sql_file!(walk_sql, "sql/score_walk.sql", &[]);
sql_file!(one_sql, "sql/score.sql", &[]);
sql_file!(of_trace_sql, "sql/scores_of_trace.sql", &[]);
sql_file!(of_spans_sql, "sql/scores_of_spans.sql", &[]);
sql_file!(ids_of_traces_sql, "sql/score_ids_of_traces.sql", &[]);
sql_file!(any_sql, "sql/any_score_of_span_alone.sql", &[]);
sql_file!(standing_sql, "sql/score_standing.sql", &[]);
sql_file!(newest_sql, "sql/newest_score.sql", &[]);

/// Most scores that are given with a trace; all of them are in the list.
pub const MAX_OF_TRACE: usize = 500;

/// Most ids of scores that are given with each trace of a list.
pub const MAX_IDS_OF_TRACE: usize = 100;

/// Spans whose scores one statement asks for: their ids, 256 bytes that JSON may write in six
/// each, are bound as one text.
const SPANS_ASKED: usize = 900;

/// Rows that one question looks at, at most: as many as the list of traces.
pub const MAX_ROWS_SCANNED: i64 = super::traces::MAX_ROWS_SCANNED;

named_row! {
    /// A score.
    #[derive(Debug, Clone, PartialEq, Deserialize_tuple)]
    #[allow(missing_docs, reason = "the columns are documented in migrations/")]
    pub struct Score {
        pub id: String,
        pub at_us: Micros,
        pub trace: Option<String>,
        pub span: Option<String>,
        pub session: Option<String>,
        pub name: String,
        /// A JSON number.
        pub value: Option<String>,
        pub boolean: u8,
        pub label: Option<String>,
        pub reasoning: Option<String>,
        pub metadata: Option<String>,
        pub source: u8,
    }
}

/// Who makes scores, in the order of the numbers that D1 stores.
pub const SOURCES: [&str; 3] = ["api", "evaluator", HUMAN];

/// What the scores of people say.
pub const HUMAN: &str = "human";

impl Score {
    /// Who made it.
    #[must_use]
    pub fn source(&self) -> &'static str {
        SOURCES.get(usize::from(self.source)).copied().unwrap_or_default()
    }
}

/// Which scores.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct ScoreFilter {
    pub trace: Option<String>,
    pub span: Option<String>,
    pub session: Option<String>,
    pub name: Option<String>,
    pub label: Option<String>,
    /// A place in [`SOURCES`].
    pub source: Option<usize>,
    /// The least and the greatest value, each as a JSON number.
    pub min_value: Option<String>,
    pub max_value: Option<String>,
    /// When they were made, both ends included.
    pub from: Option<Micros>,
    pub to: Option<Micros>,
}

/// A place in a list: when the score before it was made, and that score's id as it is kept.
pub type ScorePlace = (Micros, String);

/// A score's columns, as JSON.
fn json_row() -> String {
    format!("json_array({})", Score::FIELDS.join(", "))
}

/// At most so many scores after a place, newest first.
#[must_use]
pub fn select_list(
    project: &str,
    filter: &ScoreFilter,
    after: Option<&ScorePlace>,
    limit: usize,
) -> Statement {
    let mut sql = Builder::new(project);
    let of = match &filter.trace {
        Some(trace) => format!("c.subject = {}", sql.bind(&*pack(trace))),
        None => "c.deleted = 0".into(),
    };
    let from = sql.bind_time(filter.from.unwrap_or(Micros::MIN));
    let to = filter.to.unwrap_or(Micros::MAX);
    let (before, id) = after.map_or((Micros::MAX, ""), |(at, id)| (*at, id));
    // Whatever was made before the end of the range comes before its next microsecond.
    let (before, id) = if to < before { (to.saturating_add(1), "") } else { (before, id) };
    let (before, id) = (sql.bind_time(before), sql.bind(id));
    let range = format!(
        "c.project = {TENANT} and {of} and c.at_us >= {from} and (c.at_us, c.id) < ({before}, {id})"
    );
    let hit = conditions(&mut sql, filter);
    let holes = [
        ("SCORE", &*json_row()),
        ("HIT", &hit),
        ("RANGE", &range),
        ("ROWS_SCANNED", &MAX_ROWS_SCANNED.to_string()),
        ("LIMIT", &(limit + 1).to_string()),
    ];
    Statement::new(a_page_of(&fill(walk_sql(), &holes)), sql.params)
}

/// The conditions on a score that has been walked to, 0 or 1 and never null.
fn conditions(sql: &mut Builder, filter: &ScoreFilter) -> String {
    let mut all = vec!["true".to_owned()];
    let texts = [
        ("span", filter.span.as_deref().map(pack)),
        ("session", filter.session.as_deref().map(Into::into)),
        ("name", filter.name.as_deref().map(Into::into)),
        ("label", filter.label.as_deref().map(Into::into)),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            all.push(format!("c.{column} = {}", sql.bind(&*text)));
        }
    }
    if let Some(source) = filter.source.and_then(|source| i64::try_from(source).ok()) {
        all.push(format!("c.source = {}", sql.bind(source)));
    }
    for (than, value) in [(">=", &filter.min_value), ("<=", &filter.max_value)] {
        if let Some(value) = value {
            let value = sql.bind(&**value);
            all.push(format!("cast(c.value as real) {than} cast({value} as real)"));
        }
    }
    format!("({}) is true", all.join(" and "))
}

/// What [`select_list`] found: the scores, and where to go on.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what it asks for.
pub fn read_list(
    ran: &QueryResults,
    limit: usize,
) -> Result<(Vec<Score>, Option<ScorePlace>), Fault> {
    let found = ran.rows.first().map(Vec::as_slice).unwrap_or_default();
    let (scores, next) = gather(found, limit, |json| {
        let (hit, end, row): (u8, u8, Score) = decode(json)?;
        let place = (row.at_us, row.id.clone());
        Ok(Seen { place, hit: hit != 0, end: end != 0, row: unpacked(row) })
    })?;
    Ok((scores, next.place()))
}

/// One score, by its id.
#[must_use]
pub fn select_one(project: &str, id: &str) -> Statement {
    let sql = fill(one_sql(), &[("SCORE", &json_row()), ("TENANT", TENANT)]);
    Statement::new(sql, vec![project.into(), (&*pack(id)).into()])
}

/// What is there of a score, also where it is deleted.
#[must_use]
pub fn select_standing(project: &str, id: &str) -> Statement {
    let sql = fill(standing_sql(), &[("TENANT", TENANT)]);
    Statement::new(sql, vec![project.into(), (&*pack(id)).into()])
}

/// What [`select_standing`] found: when it was said, and whether there is a score.
///
/// # Errors
/// As [`read_list`].
pub fn read_standing(rows: &[String]) -> Result<Option<(Micros, bool)>, Fault> {
    let Some(row) = rows.first() else { return Ok(None) };
    let (at, deleted): (Micros, u8) = decode(row)?;
    Ok(Some((at, deleted == 0)))
}

/// When the newest score of a trace was made.
#[must_use]
pub fn select_newest(project: &str, trace: &str) -> Statement {
    let sql = fill(newest_sql(), &[("TENANT", TENANT)]);
    Statement::new(sql, vec![project.into(), (&*pack(trace)).into()])
}

/// What [`select_newest`] found.
///
/// # Errors
/// As [`read_list`].
pub fn read_newest(rows: &[String]) -> Result<Option<Micros>, Fault> {
    let Some(row) = rows.first() else { return Ok(None) };
    let (at,): (Micros,) = decode(row)?;
    Ok(Some(at))
}

/// The same of the scores that were found with a trace.
#[must_use]
pub fn newest_of(scores: &[Score], trace: &str) -> Option<Micros> {
    let own = |score: &&Score| score.trace.is_some() || score.span.as_deref() == Some(trace);
    scores.iter().filter(own).map(|score| score.at_us).max()
}

/// What is asked together with a trace.
#[must_use]
pub fn select_with_trace(project: &str, trace: &str) -> [Statement; 2] {
    [select_of_trace(project, trace), select_any_of_span_alone(project)]
}

/// The newest scores of a trace, at most [`MAX_OF_TRACE`] and as many as a page holds.
#[must_use]
pub fn select_of_trace(project: &str, trace: &str) -> Statement {
    let sql = some_of(of_trace_sql());
    Statement::new(sql, vec![project.into(), (&*pack(trace)).into()])
}

/// Whether [`select_of_spans`] may find anything.
#[must_use]
pub fn select_any_of_span_alone(project: &str) -> Statement {
    Statement::new(fill(any_sql(), &[("TENANT", TENANT)]), vec![project.into()])
}

/// The scores that name one of these spans and no trace, likewise, of some spans at a time.
#[must_use]
pub fn select_of_spans<'a>(
    project: &str,
    spans: impl IntoIterator<Item = &'a str>,
) -> Vec<Statement> {
    let ids: Vec<_> = spans.into_iter().map(pack).collect();
    let sql = some_of(of_spans_sql());
    let some = ids.chunks(SPANS_ASKED).map(|ids| {
        let ids = json(ids);
        Statement::new(sql.clone(), vec![project.into(), ids.into()])
    });
    some.collect()
}

/// The ids of the newest scores of each of some traces, at most [`MAX_IDS_OF_TRACE`] of
/// each and as many as a page holds.
#[must_use]
pub fn select_ids<'a>(project: &str, traces: impl IntoIterator<Item = &'a str>) -> Statement {
    let ids: Vec<_> = traces.into_iter().map(pack).collect();
    let ids = json(&ids);
    let most = MAX_IDS_OF_TRACE.to_string();
    let sql = fill(ids_of_traces_sql(), &[("TENANT", TENANT), ("MOST", &most)]);
    Statement::new(a_page_of(&sql), vec![project.into(), ids.into()])
}

/// What [`select_ids`] found: traces, each with the ids of its scores.
///
/// # Errors
/// As [`read_list`].
pub fn read_ids(ran: &QueryResults) -> Result<Vec<(String, Vec<String>)>, Fault> {
    let rows = ran.rows.first().map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| !row.is_empty()) {
        let (trace, scores): (String, Vec<String>) = decode(row)?;
        found.push((unpack(trace), scores.into_iter().map(unpack).collect()));
    }
    Ok(found)
}

fn some_of(sql: &str) -> String {
    let most = MAX_OF_TRACE.to_string();
    let holes = [("SCORE", &*json_row()), ("TENANT", TENANT), ("MOST", &most)];
    a_page_of(&fill(sql, &holes))
}

/// Scores that were asked for without a place to go on from.
///
/// # Errors
/// As [`read_list`].
pub fn read(rows: &[String]) -> Result<Vec<Score>, Fault> {
    // Empty where the page had no room for it.
    rows.iter().filter(|row| !row.is_empty()).map(|row| Ok(unpacked(decode(row)?))).collect()
}

fn unpacked(score: Score) -> Score {
    let Score { id, trace, span, .. } = score;
    Score { id: unpack(id), trace: trace.map(unpack), span: span.map(unpack), ..score }
}
