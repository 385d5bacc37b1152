-- What the transaction adds to the hourly rollup. A key is the project's number, the second of
-- the writing, and a count within it, as those of traces.
with own as materialized (
  select ($TENANT << $SECOND_BITS | ?3) << $COUNT_BITS as first)
insert into delivery (key, usage)
select coalesce((
    select max(d.key) + 1 from delivery as d
    where d.key >= own.first and d.key < own.first + (1 << $COUNT_BITS)), own.first) + r.key,
  unhex(r.value)
from own cross join json_each(?2) as r
