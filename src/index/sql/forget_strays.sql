-- Rows of spans under keys that no trace has, a number of them.
delete from span where (trace, id) in (
  select s.trace, s.id
  from json_each(?2) as r
  cross join span as s on s.trace = cast(r.value as integer)
  where s.trace >> $KEY_BITS = $TENANT
    and not exists (select 1 from trace as t where t.key = s.trace)
  limit $MOST)
returning cast(trace as text) as json
