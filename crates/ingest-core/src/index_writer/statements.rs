//! The statements that write traces, and read what they write. The SQL is in `sql/`. Rows
//! travel as JSON text in one parameter, arrays that are picked apart by position
//! ([`super::template`]); each row is made JSONB first, once, because `->>` on text parses
//! the text for each field. Blobs travel as hexadecimal digits: D1 would make lists of
//! numbers of them.

use std::sync::LazyLock;

use super::budget::SpentRow;
use super::chunks::chunks;
use super::ledger_row::LedgerRow;
use super::score_row::ScoreRow;
use super::stored_row::{
    COUNT_BITS, NO_COLUMNS, SECOND_BITS, SpanRow, StoredRow, TraceRow, key_second,
};
use super::template::{expand, fill};
use super::{Statement, counted};
use crate::limits::MAX_READ_PACK_BYTES;
use crate::model::Millis;
use crate::pack::usage::Cells;
use crate::sql_file;

/// The number that a project has in this database.
pub const TENANT: &str = "(select number from tenant where project = ?1)";

/// So many first versions there are: what SQLite keeps in two bytes.
const FIRST_VERSIONS: i64 = 30_000;

/// Columns that are bytes.
const BYTES: [&str; 2] = ["head", "pack"];

/// A trace whose row is asked for, and those of its spans that may have rows: their ids, as
/// they are kept.
pub type Asked<'a> = (&'a str, Vec<&'a str>);

sql_file!(tenant_sql, "sql/tenant.sql", &[]);
sql_file!(ledger_sql, "sql/ledger.sql", &[("r", LedgerRow::FIELDS)]);
sql_file!(dead_letters_sql, "sql/delete_dead_letters.sql", &[]);

/// Makes a function that gives the text of a file with its holes filled, once.
macro_rules! filled {
    ($name:ident, $file:literal, $rows:expr, $holes:expr) => {
        fn $name() -> &'static str {
            static SQL: LazyLock<String> = LazyLock::new(|| {
                let holes: Vec<(&str, String)> = $holes;
                let holes: Vec<_> = holes.iter().map(|(name, text)| (*name, &**text)).collect();
                let holes = [&[("TENANT", TENANT)], &*holes].concat();
                expand(&fill(include_str!($file), &holes), $rows)
            });
            &SQL
        }
    };
}

filled!(stored_sql, "sql/stored.sql", &[], vec![("FIELDS", stored_fields())]);
filled!(whole_sql, "sql/stored.sql", &[], vec![("FIELDS", whole_fields())]);
filled!(stored_spans_sql, "sql/stored_spans.sql", &[], vec![]);
filled!(guard_sql, "sql/guard.sql", &[], vec![]);
filled!(insert_sql, "sql/insert_traces.sql", &[("r", TraceRow::FIELDS)], {
    let numbers = vec![
        ("SECOND_BITS", SECOND_BITS.to_string()),
        ("COUNT_BITS", COUNT_BITS.to_string()),
        ("COUNTS", (1_u32 << COUNT_BITS).to_string()),
    ];
    [columns(true), numbers].concat()
});
filled!(update_sql, "sql/update_traces.sql", &[("r", TraceRow::FIELDS)], columns(true));
filled!(update_head_sql, "sql/update_traces.sql", &[("r", TraceRow::FIELDS)], columns(false));
filled!(scores_sql, "sql/write_scores.sql", &[("r", ScoreRow::FIELDS)], {
    // The first is the id, which is in the key.
    let each = |form: fn(&&str) -> String| {
        ScoreRow::FIELDS.iter().skip(1).map(form).collect::<Vec<_>>().join(", ")
    };
    vec![
        ("COLUMNS", each(|field| (*field).to_owned())),
        ("VALUES", each(|field| format!("r.value->>'{field}'"))),
        ("NEW", each(|field| format!("excluded.{field}"))),
    ]
});
filled!(delivery_sql, "sql/insert_delivery.sql", &[], {
    let numbers = [("SECOND_BITS", SECOND_BITS), ("COUNT_BITS", COUNT_BITS)];
    numbers.map(|(name, bits)| (name, bits.to_string())).into()
});
filled!(spend_sql, "sql/spend.sql", &[("r", SpentRow::FIELDS)], vec![]);
filled!(spans_sql, "sql/write_spans.sql", &[("r", SpanRow::FIELDS)], vec![]);

/// The columns of a trace that are written, with its pack or without, and where they come
/// from.
fn columns(pack: bool) -> Vec<(&'static str, String)> {
    let is_column = |field: &&&str| !NO_COLUMNS.contains(field) && (pack || **field != "pack");
    let fields = || TraceRow::FIELDS.iter().filter(is_column);
    let value = |field: &&str| {
        let text = format!("r.value->>'{field}'");
        if BYTES.contains(field) { format!("unhex({text})") } else { text }
    };
    let columns = fields().copied().collect::<Vec<_>>().join(", ");
    vec![("COLUMNS", columns), ("VALUES", fields().map(value).collect::<Vec<_>>().join(", "))]
}

/// The columns that are read.
fn stored_fields() -> String {
    let field = |field: &&str| {
        if BYTES.contains(field) {
            format!("case when before < {MAX_READ_PACK_BYTES} then hex(t.{field}) end")
        } else {
            format!("t.{field}")
        }
    };
    StoredRow::FIELDS.iter().map(field).collect::<Vec<_>>().join(", ")
}

/// The columns of a trace that are written as they are, and are no bytes.
pub(super) fn plain_columns() -> impl Iterator<Item = &'static str> {
    let fields = TraceRow::FIELDS.iter().copied();
    fields.filter(|field| !NO_COLUMNS.contains(field) && !BYTES.contains(field))
}

/// What a row is read as that is to be checked: its id, what it is unpacked from, and all
/// other columns.
fn whole_fields() -> String {
    let plain: Vec<_> = plain_columns().map(|field| format!("t.{field}")).collect();
    format!("t.id, json_array({}), json_array({})", stored_fields(), plain.join(", "))
}

fn of_project(project: &str, sql: &'static str, rows: impl Into<super::Param>) -> Statement {
    Statement::new(sql, vec![project.into(), rows.into()])
}

/// Gives the project a number where it has none.
pub(super) fn tenant(project: &str) -> Statement {
    Statement::new(tenant_sql(), vec![project.into()])
}

/// The rows of traces: JSON of their ids.
pub(super) fn stored_traces(project: &str, ids: String) -> Statement {
    of_project(project, stored_sql(), ids)
}

/// The rows of spans that have some: JSON of each trace's id and its spans' ids.
pub(super) fn stored_spans(project: &str, asked: String) -> Statement {
    of_project(project, stored_spans_sql(), asked)
}

/// The rows of traces with all that is in them: JSON of their ids.
pub(super) fn whole_traces(project: &str, ids: String) -> Statement {
    of_project(project, whole_sql(), ids)
}

/// Fails where a trace has another version: JSON of ids and versions.
#[must_use]
pub fn guard(project: &str, versions: String) -> Statement {
    of_project(project, guard_sql(), versions)
}

/// Whether a fault says that a trace was not as it was read any more. Another [`guard`]
/// finds it, or the key of a new trace is taken by now.
#[must_use]
pub fn is_conflict(why: &str) -> bool {
    why.contains("changed_since") || why.contains("UNIQUE constraint failed: trace.")
}

/// Writes the batches themselves: JSON of [`LedgerRow`]s.
pub(super) fn ledger(project: &str, batches: &str) -> Statement {
    of_project(project, ledger_sql(), batches)
}

/// Forgets that these were dead letters: JSON of ids.
pub(super) fn delete_dead_letters(project: &str, ids: String) -> Statement {
    of_project(project, dead_letters_sql(), ids)
}

/// The version of a trace that is new. It counts on from one that few rows have that were
/// there before.
pub(super) fn first_version(now: Millis) -> i64 {
    1 + now.div_euclid(1_000).rem_euclid(FIRST_VERSIONS)
}

/// Writes new traces: JSON of [`TraceRow`]s.
pub(super) fn insert_traces(project: &str, rows: String, now: Millis) -> Statement {
    let mut statement = of_project(project, insert_sql(), rows);
    statement.params.push(first_version(now).into());
    statement
}

/// Writes traces that there are, their packs too or not: JSON of [`TraceRow`]s.
pub(super) fn update_traces(project: &str, rows: String, packs: bool) -> Statement {
    of_project(project, if packs { update_sql() } else { update_head_sql() }, rows)
}

/// Writes spans' own rows: JSON of [`SpanRow`]s.
pub(super) fn write_spans(project: &str, rows: String) -> Statement {
    of_project(project, spans_sql(), rows)
}

/// Appends to the hourly rollup what a transaction adds to it: no statement where that is
/// nothing, and as many as its rows take.
#[must_use]
pub fn insert_deliveries(project: &str, cells: &Cells, now: Millis) -> Vec<Statement> {
    let second = key_second(now.saturating_mul(1_000));
    let mut statements = Vec::new();
    chunks(&counted::rows(cells), |rows| {
        let mut statement = of_project(project, delivery_sql(), rows);
        statement.params.push(second.into());
        statements.push(statement);
    });
    statements
}

/// Adds to what is spent of budgets: JSON of [`SpentRow`]s.
#[must_use]
pub fn spend(project: &str, rows: String) -> Statement {
    of_project(project, spend_sql(), rows)
}

/// Writes scores: JSON of [`ScoreRow`]s.
pub(super) fn write_scores(project: &str, rows: String) -> Statement {
    of_project(project, scores_sql(), rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index_writer::template::{is_expanded, unused};

    #[test]
    fn files_name_fields_that_there_are_and_all_of_them() {
        let all = [
            tenant_sql(),
            ledger_sql(),
            dead_letters_sql(),
            stored_sql(),
            whole_sql(),
            stored_spans_sql(),
            guard_sql(),
            insert_sql(),
            update_sql(),
            update_head_sql(),
            spans_sql(),
            scores_sql(),
            delivery_sql(),
            spend_sql(),
        ];
        for sql in all {
            assert!(is_expanded(sql) && !sql.contains("--"), "{sql}");
        }
        let traces =
            [include_str!("sql/insert_traces.sql"), &columns(true)[1].1, "r.value->>'was'"];
        assert_eq!(unused(&traces.concat(), ("r", TraceRow::FIELDS)), [""; 0]);
        let spans = include_str!("sql/write_spans.sql");
        assert_eq!(unused(spans, ("r", SpanRow::FIELDS)), [""; 0]);
        assert_eq!(unused(include_str!("sql/spend.sql"), ("r", SpentRow::FIELDS)), [""; 0]);
        let ledger = [include_str!("sql/ledger.sql"), include_str!("sql/stats.sql")].concat();
        assert_eq!(unused(&ledger, ("r", LedgerRow::FIELDS)), [""; 0]);
    }
}
