-- Counts batches that the sweeper queued.
insert into stat (project, hour_ms, swept)
select r.value->>'project', ?2, count(*)
from json_each(?1) as r
where true
group by r.value->>'project'
on conflict (project, hour_ms) do update set swept = swept + excluded.swept
