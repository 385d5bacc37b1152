-- A trace's row when it is new, with what its spans add up to; otherwise its totals,
-- changed by what the spans say now less what they said, the bounds that only ever
-- widen, and its root span and what is said of it where there are better ones. Of spans
-- that are there already, the totals count the older revision if this one is newer, and
-- this one if it is not: `said` is what to take off.
--
-- `start_us` is in a statement of its own, because naming an indexed column here would
-- write the index's row every time. Sums stop short of where SQLite's integers do.
-- `said` is grouped by the table's id: by the row's, SQLite would sort copies of the row,
-- all of its changes in each (20 s and 1.7 GB for 8,000 spans that come again).
with r as materialized (select jsonb(value) as value from json_each(?2)),
said as (
  select
    t.id as trace,
    count(*) as spans,
    sum(case when $NEWER then s.status else n.value->>'status' end) as errors,
    sum(coalesce(case when $NEWER then s.total_tokens else n.value->>'total_tokens' end, 0)) as tokens,
    sum(coalesce(case when $NEWER then s.cost_nano else n.value->>'cost_nano' end, 0)) as cost_nano,
    sum(case when $NEWER then (s.start_us is not null and s.took_us is null) else n.value->>'open' end) as open
  from r
  cross join trace as t on t.project = ?1 and t.id = r.value->>'id'
  cross join json_each(r.value, '$.changes') as n
  cross join span as s on s.trace = t.key and s.id = n.value->>'id'
  group by t.id
)
insert into trace (
  project, id, start_us, end_us, spans, errors, tokens, cost_nano, created_ms,
  root_child, root_us, root_span, root_rev_us, root_rev_hash, root_name,
  input_preview, output_preview, event_us, event_hash, name, session,
  parent_trace, deployment, tags, evaluators, metadata, event_batch,
  event_offset, event_length, key, open, active_us, ended, event_context$SAID_COLUMNS
)
select
  ?1, r.value->>'id', r.value->>'start_us', r.value->>'end_us',
  (r.value->>'spans') - coalesce(said.spans, 0),
  (r.value->>'errors') - coalesce(said.errors, 0),
  (r.value->>'tokens') - coalesce(said.tokens, 0),
  (r.value->>'cost_nano') - coalesce(said.cost_nano, 0),
  r.value->>'created_ms', r.value->>'root_child', r.value->>'root_us',
  r.value->>'root_span', r.value->>'root_rev_us', r.value->>'root_rev_hash',
  r.value->>'root_name', r.value->>'input_preview', r.value->>'output_preview',
  r.value->>'event_us', r.value->>'event_hash', r.value->>'name', r.value->>'session',
  r.value->>'parent_trace', r.value->>'deployment', r.value->>'tags',
  r.value->>'evaluators', r.value->>'metadata', case r.value->>'event_batch' $SEQ end,
  r.value->>'event_offset', r.value->>'event_length',
  (case r.value->>'first_batch' $SEQ end) << $EVENT_BITS | (r.value->>'first_event'),
  (r.value->>'open') - coalesce(said.open, 0), r.value->>'active_us', r.value->>'ended',
  r.value->>'event_context'$SAID_VALUES
from r
left join said on said.trace = r.value->>'id'
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
  or $CHANGED
