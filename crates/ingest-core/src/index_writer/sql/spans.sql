-- The spans, each where it is new or newer, under the keys of their traces.
with r as materialized (select jsonb(value) as value from json_each(?2)),
k as materialized (
  select j.key as at, t.key as trace
  from json_each(?4) as j
  cross join trace as t on t.project = ?1 and t.id = j.value->>'id'
)
insert into span (
  trace, id, parent, envelope, name, type, status, start_us, took_us,
  model, prompt_tokens, completion_tokens, total_tokens, cost_nano, rev_us,
  rev_hash, batch, offset, length, context
)
select
  k.trace, r.value->>'id', r.value->>'parent', r.value->>'envelope', r.value->>'name',
  r.value->>'type', r.value->>'status', r.value->>'start_us', r.value->>'duration_us',
  r.value->>'model', r.value->>'prompt_tokens', r.value->>'completion_tokens',
  r.value->>'total_tokens', r.value->>'cost_nano', r.value->>'rev_us', r.value->>'rev_hash',
  case r.value->>'batch' $SEQ end, r.value->>'offset', r.value->>'length', r.value->>'context'
from r
cross join k on k.at = r.value->>'trace'
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
where (excluded.rev_us, excluded.rev_hash) > (rev_us, rev_hash)
