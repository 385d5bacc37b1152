-- The batches themselves. A body that was sent again is the same batch in another object;
-- the first object is the one that counts, whichever comes first here, so that when
-- something was first received does not depend on the order. Gives those that are new, or
-- known by an earlier object now.
insert into batch (project, id, received_ms, events, bytes)
select ?1, r.value->>'id', r.value->>'received_ms', r.value->>'events', r.value->>'bytes'
from json_each(?2) as r
where true
on conflict (project, id) do update set received_ms = excluded.received_ms
where excluded.received_ms < received_ms
returning id as json
