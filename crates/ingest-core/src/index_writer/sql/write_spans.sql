-- Spans that their traces' rows have no room for.
with r as materialized (select jsonb(value) as value from json_each(?2))
insert into span (trace, id, start_us, envelope, pack)
select t.key, r.value->>'id', r.value->>'start_us', r.value->>'envelope', unhex(r.value->>'pack')
from r
cross join trace as t on t.project = $TENANT and t.id = r.value->>'trace'
where true
on conflict (trace, id) do update set
  start_us = excluded.start_us, envelope = excluded.envelope, pack = excluded.pack
