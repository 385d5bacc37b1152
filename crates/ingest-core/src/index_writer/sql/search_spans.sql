-- In which of the newest traces up to a second some spans are: their ids, with the bytes
-- that those are in a pack.
with some as materialized (
  select t.key from trace as t
  where t.key >= ($TENANT << $KEY_BITS) and t.key <= ($TENANT << $KEY_BITS | ?3)
  order by t.key desc limit $MOST)
select json_array(t.id, r.value->>0) as json
from some
cross join trace as t on t.key = some.key
cross join json_each(?2) as r
where t.id <> r.value->>0 and (
  instr(t.pack, unhex(r.value->>1)) > 0
  or t.beyond is not null
    and exists (select 1 from span as s where s.trace = t.key and s.id = r.value->>0))
