-- An earlier start. From here on the trace's row is there; inserting again is how
-- SQLite is made to find it by primary key.
insert into trace (project, id, start_us, created_ms)
select ?1, r.value->>'id', r.value->>'start_us', 0
from json_each(?2) as r
where true
on conflict (project, id) do update set start_us = excluded.start_us
where excluded.start_us < start_us
