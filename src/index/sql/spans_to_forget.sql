-- Rows of spans of some traces, a number of them, and of bytes.
select json_array(cast(trace as text), id, hex(pack)) as json
from (
  select s.trace, s.id, s.pack,
    sum(length(s.pack)) over (rows unbounded preceding) - length(s.pack) as before
  from json_each(?2) as r
  cross join trace as t on t.project = $TENANT and t.id = r.value
  cross join span as s on s.trace = t.key
  limit $MOST)
where before < $BYTES
