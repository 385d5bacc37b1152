-- The batches themselves: what makes their `seq`, which the other statements refer to.
-- Gives those that are new.
insert into batch (project, id, object, received_ms, events, bytes)
select
  ?1, r.value->>'id', r.value->>'object', r.value->>'received_ms', r.value->>'events',
  r.value->>'bytes'
from json_each(?2) as r
where true
on conflict (project, id) do nothing
returning id as json
