//! From some batches' events to the statements that merge them into D1. They
//! commute: any order and any number of deliveries ends in the same state, and
//! what is already there is not written again. Their cost depends on the
//! batches, never on how much its traces hold already: every one of them goes
//! from the batches' rows to D1's by primary key.
//!
//! The SQL is in `sql/`. The rows travel as JSON text in one parameter, arrays that are
//! picked apart by position ([`super::template`]); each row is made JSONB first, once, because
//! `->>` on text parses the text for each field (a batch of 1,000 spans: 16.5 ms
//! of SQLite's time became 12; `jsonb_each` would make it 11, but is too young to
//! be sure of). One parameter a statement keeps clear of
//! D1's limit of 100, and a statement for a whole batch took 5–7 ms where
//! `batch()` of a thousand took 34–52 (measured locally, 1,000 rows).

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Serialize;
use serde_tuple::Serialize_tuple;

use super::ledger_row::LedgerRow;
use super::rows::Rows;
use super::sent::Sent;
use super::span_row::SpanRow;
use super::template::{expand, fill};
use super::trace_row::{Change, MAX_SUM, TraceRow};
use super::{Param, Statement, stats};
use crate::batch::BatchRef;
use crate::limits::{MAX_EVENTS, MAX_OTLP_SPANS, MAX_PARAM_BYTES, MAX_SAID_TAGS};
use crate::model::{Event, Micros, Millis};
use crate::{named_row, sql_file};

/// A batch to be written.
#[derive(Debug)]
pub struct Source<'a> {
    /// Which it is.
    pub batch: &'a BatchRef,
    /// Its raw bytes.
    pub body: &'a [u8],
    /// What counts of it.
    pub events: Vec<Event<'a>>,
    /// Deliveries, this one included.
    pub attempt: u32,
}

/// The statements for some batches, each of them another, to be run in one
/// transaction. The second statement of each project gives the ids of those
/// that were not written before.
#[must_use]
pub fn plan(sources: &[Source], now: Millis) -> Vec<Statement> {
    let mut plan = Vec::new();
    let mut projects: Vec<&str> = Vec::new();
    for Source { batch, .. } in sources {
        if !projects.contains(&&*batch.project) {
            projects.push(&batch.project);
            let of_project = |source: &&Source| source.batch.project == batch.project;
            plan_project(
                &batch.project,
                &sources.iter().filter(of_project).collect::<Vec<_>>(),
                now,
                &mut plan,
            );
        }
    }
    plan
}

fn plan_project(project: &str, sources: &[&Source], now: Millis, plan: &mut Vec<Statement>) {
    let batches: Vec<_> = sources.iter().map(|source| ledger_row(source, now)).collect();
    let ids = json(&sources.iter().map(|source| &*source.batch.id).collect::<Vec<_>>());
    let batches = json(&batches);
    plan.push(stats::batches(project, &batches, now));
    let both = |text: &str| vec![project.into(), text.into()];
    plan.push(Statement { sql: ledger().into(), params: both(&batches) });
    plan.push(Statement { sql: delete_dead_letters().into(), params: both(&ids) });
    let sent: Vec<_> = sources
        .iter()
        .enumerate()
        .flat_map(|(at, source)| {
            let Source { batch, body, events, .. } = source;
            events.iter().map(move |event| Sent { batch, at, body, event })
        })
        .collect();
    merge(project, &ids, &sent, MAX_PARAM_BYTES, plan);
}

fn ledger_row(source: &Source, now: Millis) -> LedgerRow {
    let Source { batch, body, events, attempt } = source;
    LedgerRow {
        id: batch.id.clone(),
        object: batch.key(),
        received_ms: batch.received,
        events: events.len(),
        bytes: body.len(),
        delay_ms: (now - batch.received).max(0),
        retried: attempt.saturating_sub(1),
    }
}

/// Plans the events at once, or in halves when their rows are too large for
/// one parameter.
fn merge(project: &str, ids: &str, sent: &[Sent], most: usize, plan: &mut Vec<Statement>) {
    if sent.is_empty() {
        return;
    }
    let rows = Rows::of(sent);
    let (spans, traces) = (json(&rows.spans), json(&rows.traces));
    if spans.len().max(traces.len()) > most && sent.len() > 1 {
        let (first, second) = sent.split_at(sent.len() / 2);
        merge(project, ids, first, most, plan);
        merge(project, ids, second, most, plan);
        return;
    }
    let mut push = |sql: Cow<'static, str>, params: Vec<&str>| {
        let params = [project].into_iter().chain(params).map(Param::from).collect();
        plan.push(Statement { sql, params });
    };
    let seq = seq_of(sent.iter().map(|one| one.at + 1).max().unwrap_or(1));
    let seq = &[("SEQ", &*seq)];
    // Before the spans: it compares what they say with what they said.
    let said = rows.traces.iter().any(TraceRow::is_said);
    push(fill(self::traces(said), seq).into(), vec![&traces, ids]);
    let starts = rows.traces.iter().map(|t| StartRow { id: &t.id, start_us: t.start_us });
    let starts = json(&starts.collect::<Vec<_>>());
    push(start().into(), vec![&starts]);
    if !rows.spans.is_empty() {
        push(fill(self::spans(), seq).into(), vec![&spans, ids, &starts]);
    }
}

fn json<T: Serialize>(rows: &[T]) -> String {
    serde_json::to_string(rows).unwrap_or_default()
}

sql_file!(ledger, "sql/ledger.sql", &[("r", LedgerRow::FIELDS)]);
sql_file!(delete_dead_letters, "sql/delete_dead_letters.sql", &[]);
sql_file!(start, "sql/start.sql", &[("r", StartRow::FIELDS)]);
sql_file!(spans, "sql/spans.sql", &[("r", SpanRow::FIELDS), ("j", StartRow::FIELDS)]);

named_row! {
    /// Where a trace starts.
    #[derive(Serialize_tuple)]
    struct StartRow<'a> {
        id: &'a str,
        start_us: Micros,
    }
}

/// Whether the excluded row has a better root span: see `migrations/` for
/// which is better.
const BETTER_ROOT: &str = "((excluded.root_child, excluded.root_us, excluded.root_span)
    < (root_child, root_us, root_span)
  or (excluded.root_child, excluded.root_us, excluded.root_span)
    = (root_child, root_us, root_span)
    and (excluded.root_rev_us, excluded.root_rev_hash) > (root_rev_us, root_rev_hash))";

/// What comes with a better root span.
const OF_ROOT: &[&str] = &[
    "root_child",
    "root_us",
    "root_span",
    "root_rev_us",
    "root_rev_hash",
    "root_name",
    "input_preview",
    "output_preview",
];

/// Whether the excluded row has a newer event of the trace's own.
const NEWER_EVENT: &str = "(excluded.event_us is not null and (event_us is null
  or (excluded.event_us, excluded.event_hash) > (event_us, event_hash)))";

/// What comes with a newer event, and only with one.
const OF_EVENT: &[&str] =
    &["event_us", "event_hash", "ended", "parent_trace", "deployment", "evaluators"];

/// What comes with a newer event too, and before there is one with what spans say; each
/// with the column that says how good that is.
const SAID: [&[&str]; 3] = [
    &["name", "name_by"],
    &["session", "session_by"],
    &["metadata", "metadata_by", "event_batch", "event_offset", "event_length", "event_context"],
];

/// Columns that only spans' words fill.
const ONLY_SAID: [&str; 5] = ["name_by", "session_by", "metadata_by", "user", "user_by"];

/// Whether what the excluded row's spans say of a field is better. Never null, which
/// would be neither this nor its opposite.
fn is_better(by: &str) -> String {
    format!("coalesce(excluded.{by} < coalesce({by}, '~'), false)")
}

/// The same where an event of the trace's own would count before it.
fn is_better_than_none(by: &str) -> String {
    format!("(event_us is null and excluded.event_us is null and {})", is_better(by))
}

/// Sets columns where a condition holds. They are one row value, so that SQLite compiles
/// and asks the condition twice and not once for each column. Every expression sees the
/// row as it was.
fn set(columns: &[&str], condition: &str) -> String {
    let (old, new) = (columns.join(", "), columns.join(", excluded."));
    format!(
        "({old}) = (select excluded.{new} where {condition}
    union all select {old} where not ({condition}))"
    )
}

/// `sql/traces.sql` with all but `$SEQ`. What spans say of their traces makes it longer,
/// and compiling it is a part of what a call costs: so it is there only where some do.
fn traces(said: bool) -> &'static str {
    static SAID: LazyLock<String> = LazyLock::new(|| fill_traces(true));
    static UNSAID: LazyLock<String> = LazyLock::new(|| fill_traces(false));
    if said { &SAID } else { &UNSAID }
}

fn fill_traces(said: bool) -> String {
    let mut sets = vec![set(OF_ROOT, BETTER_ROOT)];
    let mut changed = vec![NEWER_EVENT.to_owned()];
    if said {
        sets.push(set(OF_EVENT, NEWER_EVENT));
        for columns in SAID {
            let [_, by, ..] = columns else { continue };
            let better = is_better_than_none(by);
            sets.push(set(columns, &format!("{NEWER_EVENT} or {better}")));
            changed.push(better);
        }
        sets.push(set(&["user", "user_by"], &is_better("user_by")));
        changed.push(is_better("user_by"));
        let spans_say =
            "event_us is null and excluded.event_us is null and excluded.tags is not null";
        let most = MAX_SAID_TAGS.to_string();
        let tags = fill(include_str!("sql/tags.sql"), &[("MAX_SAID_TAGS", &most)]);
        sets.push(format!(
            "tags = case when {NEWER_EVENT} then excluded.tags when {spans_say} then {} else tags end",
            expand(&tags, &[])
        ));
        changed.push(format!(
            "({spans_say} and exists (select 1 from json_each(excluded.tags)
    where value not in (select value from json_each(coalesce(tags, '[]')))))"
        ));
    } else {
        let mut columns = OF_EVENT.to_vec();
        columns.push("tags");
        columns.extend(SAID.iter().flat_map(|columns| *columns).filter(|c| !ONLY_SAID.contains(c)));
        sets.push(set(&columns, NEWER_EVENT));
    }
    let (columns, values): (Vec<_>, Vec<_>) = ONLY_SAID
        .iter()
        .filter(|_| said)
        .map(|column| (format!(", {column}"), format!(", r.value->>'{column}'")))
        .unzip();
    let sql = fill(
        include_str!("sql/traces.sql"),
        &[
            ("SET", &sets.join(",\n  ")),
            ("CHANGED", &changed.join("\n  or ")),
            ("ROOT", BETTER_ROOT),
            ("NEWER", "(n.value->>'rev_us', n.value->>'rev_hash') > (s.rev_us, s.rev_hash)"),
            ("SAID_COLUMNS", &columns.concat()),
            ("SAID_VALUES", &values.concat()),
            ("MAX_SUM", &MAX_SUM.to_string()),
            ("EVENT_BITS", &EVENT_BITS.to_string()),
        ],
    );
    expand(&sql, &[("r", TraceRow::FIELDS), ("n", Change::FIELDS)])
}

/// Bits of a trace's key that are the place of an event in its batch.
const EVENT_BITS: u32 = 20;

const _: () = assert!(MAX_EVENTS <= 1 << EVENT_BITS && MAX_OTLP_SPANS <= 1 << EVENT_BITS);

/// The `seq` of a batch by its place among so many: what stands inside of a
/// `case`. Each is a subquery of its own, which SQLite runs once; one that
/// depended on the row would run for each (a quarter of the spans' time).
fn seq_of(batches: usize) -> String {
    let seq =
        |n| format!("when {n} then (select seq from batch where project = ?1 and id = ?3->>{n})");
    (0..batches).map(seq).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index_writer::template::{is_expanded, unused};
    use crate::model::{Body, TraceBody};

    #[test]
    fn splits_rows_that_are_too_large_for_one_parameter() {
        let trace = TraceBody {
            id: "t".into(),
            name: "n".into(),
            start: None,
            end: None,
            session: None,
            parent_trace: None,
            deployment: None,
            tags: Vec::new(),
            evaluators: Vec::new(),
            metadata: None,
        };
        let events: Vec<_> = (0..8)
            .map(|index| Event {
                index,
                range: 0..2,
                context: None,
                envelope: None,
                timestamp: None,
                body: Body::Trace(TraceBody { id: format!("t{index}").into(), ..trace.clone() }),
            })
            .collect();
        let batch = BatchRef::of("p", b"{}", 0, "json");
        let sent: Vec<_> =
            events.iter().map(|event| Sent { batch: &batch, at: 0, body: b"{}", event }).collect();
        let mut plan = Vec::new();
        merge("p", "[]", &sent, 300, &mut plan);
        let totals = plan
            .iter()
            .filter(|s| s.sql == super::traces(false).replace("$SEQ", &seq_of(1)))
            .count();
        assert!((4..=8).contains(&totals), "{totals}");
        assert!(plan.iter().flat_map(|s| &s.params).all(|p| match p {
            Param::Text(text) => text.len() <= 300,
            Param::Int(_) => true,
        }));
    }

    #[test]
    fn files_name_fields_that_there_are_and_all_of_them() {
        for sql in [ledger(), delete_dead_letters(), start(), spans(), traces(false), traces(true)]
        {
            assert!(is_expanded(&sql.replace("$SEQ", "")) && !sql.contains("--"), "{sql}");
        }
        let [spans, traces, start] = [
            include_str!("sql/spans.sql"),
            include_str!("sql/traces.sql"),
            include_str!("sql/start.sql"),
        ];
        let ledger = [include_str!("sql/ledger.sql"), include_str!("sql/stats.sql")].concat();
        assert_eq!(unused(spans, ("r", SpanRow::FIELDS)), [""; 0]);
        assert_eq!(unused(traces, ("r", TraceRow::FIELDS)), ONLY_SAID);
        let changes = traces.replace("$NEWER", "n.value->>'rev_us', n.value->>'rev_hash'");
        assert_eq!(unused(&changes, ("n", Change::FIELDS)), [""; 0]);
        assert_eq!(unused(start, ("r", StartRow::FIELDS)), [""; 0]);
        assert_eq!(unused(&ledger, ("r", LedgerRow::FIELDS)), [""; 0]);
    }
}
