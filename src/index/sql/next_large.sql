-- The first key from a place on that has rows of spans, and its trace, if there is one.
select json_array(cast(first.trace as text), t.id, t.version, t.created_ms, t.beyond, hex(t.pack)) as json
from (
  select min(trace) as trace from span
  where trace >= max($TENANT << $KEY_BITS, cast(?2 as integer))
    and trace < ($TENANT + 1) << $KEY_BITS) as first
left join trace as t on t.key = first.trace
where first.trace is not null
