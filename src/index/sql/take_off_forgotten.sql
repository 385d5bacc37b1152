-- Takes off what was used those of some traces that have no rows of spans any more, which
-- are forgotten next. Parts of other traces were not counted.
insert into stat (project, hour_ms, traces, spans)
select ?1, ?3, -count(*), -sum(t.spans)
from trace as t
where t.project = $TENANT and t.id in (select r.value from json_each(?2) as r)
  and t.root_child <> $MOVED and not exists (select 1 from span as s where s.trace = t.key)
having count(*) > 0
on conflict (project, hour_ms) do update set
  traces = traces + excluded.traces, spans = spans + excluded.spans
