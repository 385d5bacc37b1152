-- A project's traces by their keys, and whether rows of spans are missing that there should be.
select json_array(cast(t.key as text), t.id, t.created_ms,
    t.beyond is not null and not exists (select 1 from span as s where s.trace = t.key)) as json
from trace as t
where t.key > max(($TENANT << $KEY_BITS) - 1, cast(?2 as integer))
  and t.key < ($TENANT + 1) << $KEY_BITS
order by t.key limit $MOST
