-- Those of the named spans that have rows of their own.
select json_array(t.id, s.id, hex(s.pack)) as json
from json_each(?2) as r
cross join trace as t
  on t.project = $TENANT and t.id = r.value->>0 and t.beyond is not null
cross join json_each(r.value, '$[1]') as named
cross join span as s on s.trace = t.key and s.id = named.value
