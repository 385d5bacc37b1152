-- Rows of spans of some traces, a number of them.
delete from span where (trace, id) in (
  select s.trace, s.id
  from json_each(?2) as r
  cross join trace as t on t.project = $TENANT and t.id = r.value
  cross join span as s on s.trace = t.key
  limit $MOST)
