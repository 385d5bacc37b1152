-- A project's deliveries, the oldest first, a number of them, and of bytes.
select json_array(cast(key as text), hex(usage)) as json
from (
  select key, usage,
    sum(length(usage)) over (rows unbounded preceding) - length(usage) as before
  from (
    select d.key, d.usage from delivery as d
    where d.key >= ($TENANT << $KEY_BITS) and d.key < (($TENANT + 1) << $KEY_BITS)
    order by d.key limit $MOST))
where before < $BYTES
