-- The rows of spans of the same key, after a span, up to a number and a bound of bytes.
select json_array(id, start_us, envelope, hex(pack)) as json
from (
  select *, sum(length(pack)) over (rows unbounded preceding) - length(pack) as before
  from (
    select id, start_us, envelope, pack from span
    where trace = (
        select min(trace) from span
        where trace >= max($TENANT << $KEY_BITS, cast(?2 as integer))
          and trace < ($TENANT + 1) << $KEY_BITS)
      and id > ?3
    order by id limit $MOST))
where before < $BYTES
