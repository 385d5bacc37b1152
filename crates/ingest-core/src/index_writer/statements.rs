//! From some batches' events to the statements that merge them into D1. They
//! commute: any order and any number of deliveries ends in the same state, and
//! what is already there is not written again. Their cost depends on the
//! batches, never on how much its traces hold already: every one of them goes
//! from the batches' rows to D1's by primary key.
//!
//! The rows travel as JSON text in one parameter, picked apart by position
//! (`->>n`, see [`super::rows`]); each row is made JSONB first, once, because
//! `->>` on text parses the text for each field (a batch of 1,000 spans: 16.5 ms
//! of SQLite's time became 12; `jsonb_each` would make it 11, but is too young to
//! be sure of). One parameter a statement keeps clear of
//! D1's limit of 100, and a statement for a whole batch took 5–7 ms where
//! `batch()` of a thousand took 34–52 (measured locally, 1,000 rows).

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Serialize;

use super::rows::{MAX_SUM, Rows};
use super::sent::Sent;
use super::{Param, Statement, stats};
use crate::batch::BatchRef;
use crate::limits::{MAX_EVENTS, MAX_PARAM_BYTES};
use crate::model::{Event, Millis};

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
    plan.push(Statement { sql: LEDGER.into(), params: both(&batches) });
    plan.push(Statement { sql: DELETE_DEAD_LETTERS.into(), params: both(&ids) });
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

/// A batch as [`LEDGER`] and [`stats::batches`] take it: id, object, when it was
/// received, events, bytes, milliseconds until now, deliveries beyond the
/// first.
fn ledger_row(source: &Source, now: Millis) -> (String, String, Millis, usize, usize, Millis, u32) {
    let Source { batch, body, events, attempt } = source;
    let delay = (now - batch.received).max(0);
    let again = attempt.saturating_sub(1);
    (batch.id.clone(), batch.key(), batch.received, events.len(), body.len(), delay, again)
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
    // Before the spans: it compares what they say with what they said.
    push(all_of_traces().replace("$SEQ", &seq).into(), vec![&traces, ids]);
    let starts = json(&rows.traces.iter().map(|t| (&t.id, t.start_us)).collect::<Vec<_>>());
    push(START.into(), vec![&starts]);
    if !rows.spans.is_empty() {
        push(SPANS.replace("$SEQ", &seq).into(), vec![&spans, ids, &starts]);
    }
}

fn json<T: Serialize>(rows: &[T]) -> String {
    serde_json::to_string(rows).unwrap_or_default()
}

/// The batches themselves: what makes their `seq`, which the other statements
/// refer to. Gives those that are new.
const LEDGER: &str = "
insert into batch (project, id, object, received_ms, events, bytes)
select ?1, value->>0, value->>1, value->>2, value->>3, value->>4
from json_each(?2)
where true
on conflict (project, id) do nothing
returning id as json";

/// A batch that is written is no dead letter any more.
const DELETE_DEAD_LETTERS: &str = "
delete from dead_letter where project = ?1 and batch in (select value from json_each(?2))";

/// A trace's row when it is new, with what its spans add up to; otherwise its
/// totals, changed by what the spans say now less what they said, the bounds that
/// only ever widen, and its root span and its own event where there are better
/// ones. Of spans that are there already, the totals count the older revision if
/// this one is newer, and this one if it is not: `said` is what to take off.
/// `start_us` is apart, because naming an indexed column here would write the
/// index's row every time. Sums stop short of where SQLite's integers do.
/// Grouped by the table's id: by the row's, SQLite would sort copies of the row, all
/// of its changes in each (20 s and 1.7 GB for 8,000 spans that come again).
const TRACES: &str = "
with r as materialized (select jsonb(value) as value from json_each(?2)),
said as (
  select
    t.id as trace,
    count(*) as spans,
    sum(case when $NEWER then s.status else n.value->>1 end) as errors,
    sum(coalesce(case when $NEWER then s.total_tokens else n.value->>2 end, 0)) as tokens,
    sum(coalesce(case when $NEWER then s.cost_nano else n.value->>3 end, 0)) as cost_nano,
    sum(case when $NEWER then $OPEN else n.value->>6 end) as open
  from r
  cross join trace as t on t.project = ?1 and t.id = r.value->>0
  cross join json_each(r.value, '$[33]') as n
  cross join span as s on s.trace = t.key and s.id = n.value->>0
  group by t.id
)
insert into trace (
  project, id, start_us, end_us, spans, errors, tokens, cost_nano, created_ms,
  root_child, root_us, root_span, root_rev_us, root_rev_hash, root_name,
  input_preview, output_preview, event_us, event_hash, name, session,
  parent_trace, deployment, tags, evaluators, metadata, event_batch,
  event_offset, event_length, key, open, active_us, ended, event_context
)
select
  ?1, r.value->>0, r.value->>1, r.value->>2,
  (r.value->>26) - coalesce(said.spans, 0), (r.value->>27) - coalesce(said.errors, 0),
  (r.value->>28) - coalesce(said.tokens, 0), (r.value->>29) - coalesce(said.cost_nano, 0),
  r.value->>22,
  r.value->>3, r.value->>4, r.value->>5, r.value->>6, r.value->>7, r.value->>8,
  r.value->>9, r.value->>10, r.value->>11, r.value->>12, r.value->>13,
  r.value->>14, r.value->>15, r.value->>16, r.value->>17, r.value->>18,
  r.value->>19, case r.value->>23 $SEQ end, r.value->>20, r.value->>21,
  (case r.value->>24 $SEQ end) << $EVENT_BITS | (r.value->>25),
  (r.value->>30) - coalesce(said.open, 0), r.value->>31, r.value->>32,
  r.value->>34
from r
left join said on said.trace = r.value->>0
where true
on conflict (project, id) do update set
  end_us = max(coalesce(end_us, excluded.end_us), coalesce(excluded.end_us, end_us)),
  spans = spans + excluded.spans,
  errors = errors + excluded.errors,
  tokens = min(tokens + excluded.tokens, $MAX_SUM),
  cost_nano = max(min(cost_nano + excluded.cost_nano, $MAX_SUM), -$MAX_SUM),
  created_ms = min(created_ms, excluded.created_ms),
  open = open + excluded.open,
  active_us = max(active_us, excluded.active_us),
  $SET
where excluded.spans <> 0
  or excluded.errors <> 0
  or excluded.tokens <> 0
  or excluded.cost_nano <> 0
  or excluded.created_ms < created_ms
  or excluded.open <> 0
  or excluded.active_us > active_us
  or excluded.end_us > coalesce(end_us, -9223372036854775808)
  or $ROOT
  or $NEW_EVENT";

/// Whether the excluded row has a better root span: see `migrations/` for
/// which is better.
const BETTER_ROOT: &str = "((excluded.root_child, excluded.root_us, excluded.root_span)
    < (root_child, root_us, root_span)
  or (excluded.root_child, excluded.root_us, excluded.root_span)
    = (root_child, root_us, root_span)
    and (excluded.root_rev_us, excluded.root_rev_hash) > (root_rev_us, root_rev_hash))";

/// What comes with a better root span.
const OF_ROOT: [&str; 8] = [
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

/// What comes with a newer event.
const OF_EVENT: [&str; 14] = [
    "event_us",
    "event_hash",
    "ended",
    "name",
    "session",
    "parent_trace",
    "deployment",
    "tags",
    "evaluators",
    "metadata",
    "event_batch",
    "event_offset",
    "event_length",
    "event_context",
];

/// [`TRACES`] with all but `$SEQ`. Each set of columns is one row value, so that
/// SQLite compiles and asks its condition twice and not once for each column.
/// Every expression sees the row as it was.
fn all_of_traces() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let set = |columns: &[&str], condition| {
            let (old, new) = (columns.join(", "), columns.join(", excluded."));
            format!(
                "({old}) = (select excluded.{new} where {condition}
    union all select {old} where not {condition})"
            )
        };
        let all = [set(&OF_ROOT, "$ROOT"), set(&OF_EVENT, "$NEW_EVENT")].join(",\n  ");
        TRACES
            .replace("$SET", &all)
            .replace("$ROOT", BETTER_ROOT)
            .replace("$NEW_EVENT", NEWER_EVENT)
            .replace("$NEWER", "(n.value->>4, n.value->>5) > (s.rev_us, s.rev_hash)")
            .replace("$OPEN", "(s.start_us is not null and s.took_us is null)")
            .replace("$MAX_SUM", &MAX_SUM.to_string())
            .replace("$EVENT_BITS", &EVENT_BITS.to_string())
    });
    &SQL
}

/// Bits of a trace's key that are the place of an event in its batch.
const EVENT_BITS: u32 = 20;

const _: () = assert!(MAX_EVENTS <= 1 << EVENT_BITS);

/// The `seq` of a batch by its place among so many: what stands inside of a
/// `case`. Each is a subquery of its own, which SQLite runs once; one that
/// depended on the row would run for each (a quarter of the spans' time).
fn seq_of(batches: usize) -> String {
    let seq =
        |n| format!("when {n} then (select seq from batch where project = ?1 and id = ?3->>{n})");
    (0..batches).map(seq).collect::<Vec<_>>().join(" ")
}

/// An earlier start. From here on the trace's row is there; inserting again
/// is how SQLite is made to find it by primary key.
const START: &str = "
insert into trace (project, id, start_us, created_ms)
select ?1, value->>0, value->>1, 0
from json_each(?2)
where true
on conflict (project, id) do update set start_us = excluded.start_us
where excluded.start_us < start_us";

/// The spans, each where it is new or newer, under the keys of their traces.
const SPANS: &str = "
with r as materialized (select jsonb(value) as value from json_each(?2)),
k as materialized (
  select j.key as at, t.key as trace
  from json_each(?4) as j
  cross join trace as t on t.project = ?1 and t.id = j.value->>0
)
insert into span (
  trace, id, parent, envelope, name, type, status, start_us, took_us,
  model, prompt_tokens, completion_tokens, total_tokens, cost_nano, rev_us,
  rev_hash, batch, offset, length, context
)
select
  k.trace, r.value->>1, r.value->>2, r.value->>3, r.value->>4,
  r.value->>5, r.value->>6, r.value->>7, r.value->>8, r.value->>9,
  r.value->>10, r.value->>11, r.value->>12, r.value->>13, r.value->>14,
  r.value->>15, case r.value->>18 $SEQ end,
  r.value->>16, r.value->>17, r.value->>19
from r
cross join k on k.at = r.value->>0
where true
on conflict (trace, id) do update set
  parent = excluded.parent,
  envelope = excluded.envelope,
  name = excluded.name,
  type = excluded.type,
  status = excluded.status,
  start_us = excluded.start_us,
  took_us = excluded.took_us,
  model = excluded.model,
  prompt_tokens = excluded.prompt_tokens,
  completion_tokens = excluded.completion_tokens,
  total_tokens = excluded.total_tokens,
  cost_nano = excluded.cost_nano,
  rev_us = excluded.rev_us,
  rev_hash = excluded.rev_hash,
  batch = excluded.batch,
  offset = excluded.offset,
  length = excluded.length,
  context = excluded.context
where (excluded.rev_us, excluded.rev_hash) > (rev_us, rev_hash)";

#[cfg(test)]
mod tests {
    use super::*;
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
        let totals =
            plan.iter().filter(|s| s.sql == all_of_traces().replace("$SEQ", &seq_of(1))).count();
        assert!((4..=8).contains(&totals), "{totals}");
        assert!(plan.iter().flat_map(|s| &s.params).all(|p| match p {
            Param::Text(text) => text.len() <= 300,
            Param::Int(_) => true,
        }));
    }
}
