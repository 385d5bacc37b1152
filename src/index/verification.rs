//! Statements of what compares the index with the raw batches: what there is, by key and
//! in pages, and the deletion of what is wrong. The rows themselves are read by
//! [`ingest_core::index_writer::whole_row`].

use super::{Statement, json};
use crate::model::Millis;
use ingest_core::index_writer::score_row::ScoreRow;
use ingest_core::index_writer::statements::TENANT;
use ingest_core::index_writer::stats::hour;
use ingest_core::index_writer::stored_row::{COUNT_BITS, MOVED, SECOND_BITS};
use ingest_core::index_writer::template::fill;
use ingest_core::sql_file;
use serde::Serialize;

sql_file!(known_sql, "sql/known_batches.sql", &[]);
sql_file!(tenant_sql, "sql/next_tenant.sql", &[]);
sql_file!(traces_sql, "sql/trace_keys.sql", &[]);
sql_file!(large_sql, "sql/next_large.sql", &[]);
sql_file!(rows_sql, "sql/span_rows.sql", &[]);
sql_file!(ledger_sql, "sql/ledger_page.sql", &[]);
sql_file!(scores_sql, "sql/scores_by_id.sql", &[]);
sql_file!(spans_to_forget_sql, "sql/spans_to_forget.sql", &[]);
sql_file!(forget_spans_sql, "sql/forget_spans.sql", &[]);
sql_file!(note_forgetting_sql, "sql/note_forgetting.sql", &[]);
sql_file!(take_off_sql, "sql/take_off_forgotten.sql", &[]);
sql_file!(forget_traces_sql, "sql/forget_traces.sql", &[]);
sql_file!(forget_strays_sql, "sql/forget_strays.sql", &[]);

/// Rows in a page.
pub const PAGE: usize = 1_000;
/// A page of spans ends with the one that brings it to so many packed bytes.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Rows of spans that are deleted at once.
const DELETED: usize = 2_000;

fn filled(sql: &str, most: usize) -> String {
    let numbers =
        [(SECOND_BITS + COUNT_BITS).to_string(), most.to_string(), PAGE_BYTES.to_string()];
    let [bits, most, bytes] = &numbers;
    let moved = MOVED.to_string();
    let holes = [("TENANT", TENANT), ("KEY_BITS", bits), ("MOST", most), ("BYTES", bytes)];
    fill(sql, &[&holes[..], &[("MOVED", &moved)]].concat())
}

/// Of batches, by their ids, what the ledger and the dead letters know.
#[must_use]
pub fn select_known(project: &str, ids: &[&str]) -> Statement {
    Statement::new(known_sql(), vec![project.into(), json(ids).into()])
}

/// Scores, by their ids as they are kept: each as it was written, field by field.
#[must_use]
pub fn select_scores(project: &str, ids: &[impl Serialize]) -> Statement {
    let fields = ScoreRow::FIELDS.iter().map(|field| format!("c.{field}"));
    let fields = fields.collect::<Vec<_>>().join(", ");
    let sql = fill(scores_sql(), &[("FIELDS", &fields), ("TENANT", TENANT)]);
    Statement::new(sql, vec![project.into(), json(ids).into()])
}

/// The project with the next number, which only who serves all of them may ask for.
#[must_use]
pub fn select_next_tenant(after: i64) -> Statement {
    Statement::new(tenant_sql(), vec![after.into()])
}

/// A page of traces after a key. Keys are bound as text: they may be above 2^53.
#[must_use]
pub fn select_traces(project: &str, after: &str) -> Statement {
    Statement::new(filled(traces_sql(), PAGE), vec![project.into(), after.into()])
}

/// The first key from this one on that has rows of spans, with its trace; and a page of
/// those rows after a span.
#[must_use]
pub fn select_large(project: &str, from: &str, after: &str) -> [Statement; 2] {
    let rows = vec![project.into(), from.into(), after.into()];
    [
        Statement::new(filled(large_sql(), PAGE), vec![project.into(), from.into()]),
        Statement::new(filled(rows_sql(), PAGE), rows),
    ]
}

/// A page of the ledger after a batch.
#[must_use]
pub fn select_ledger(project: &str, after: &str) -> Statement {
    Statement::new(filled(ledger_sql(), PAGE), vec![project.into(), after.into()])
}

/// Rows of spans of traces, by their ids as they are kept, a number of them.
#[must_use]
pub fn select_spans_to_forget(project: &str, ids: &[impl Serialize]) -> Statement {
    Statement::new(filled(spans_to_forget_sql(), DELETED), vec![project.into(), json(ids).into()])
}

/// What [`select_spans_to_forget`] gives of each: the key of its trace, its id, what is packed
/// in it.
pub type SpanToForget = (String, String, String);

/// Whether those may be all rows of spans that the traces have.
#[must_use]
pub fn are_all(rows: &[SpanToForget]) -> bool {
    rows.len() < DELETED && rows.iter().map(|(.., pack)| pack.len() / 2).sum::<usize>() < PAGE_BYTES
}

/// Deletes these rows of spans, and marks their traces as changed.
#[must_use]
pub fn forget_spans(project: &str, rows: &[SpanToForget]) -> [Statement; 2] {
    let rows: Vec<_> = rows.iter().map(|(key, id, _)| (key, id)).collect();
    let rows = json(&rows);
    [forget_spans_sql(), note_forgetting_sql()]
        .map(|sql| Statement::new(filled(sql, DELETED), vec![project.into(), rows.as_str().into()]))
}

/// Deletes traces, by their ids as they are kept, those of them that have no rows of spans,
/// whose ids the last gives. These are taken off what was used: what is written anew is counted
/// again.
#[must_use]
pub fn forget_traces(project: &str, ids: &[impl Serialize], now: Millis) -> [Statement; 2] {
    let ids = json(ids);
    let of =
        |sql: &str| Statement::new(filled(sql, DELETED), vec![project.into(), ids.as_str().into()]);
    let mut take_off = of(take_off_sql());
    take_off.params.push(hour(now).into());
    [take_off, of(forget_traces_sql())]
}

/// Deletes rows of spans under keys that no trace has, a number at a time; gives a key for
/// each.
#[must_use]
pub fn forget_strays(project: &str, keys: &[impl Serialize]) -> Statement {
    let params = vec![project.into(), json(keys).into()];
    Statement::new(filled(forget_strays_sql(), DELETED), params)
}
