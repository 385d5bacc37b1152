-- Those of some traces that have no rows of spans any more.
delete from trace where key in (
  select t.key
  from json_each(?2) as r
  cross join trace as t on t.project = $TENANT and t.id = r.value
  where not exists (select 1 from span as s where s.trace = t.key))
returning id as json
