-- The project whose oldest delivery is the oldest of all but those of some projects, if that
-- was written before a time.
with recursive first(key) as (
  select min(key) from delivery
  union all
  select (select min(d.key) from delivery as d
    where d.key >= ((first.key >> $KEY_BITS) + 1) << $KEY_BITS)
  from first where first.key is not null
  limit $PROJECTS)
select n.project as json
from first join tenant as n on n.number = first.key >> $KEY_BITS
where first.key & $MASK < ?1 and n.project not in (select value from json_each(?2))
order by first.key & $MASK
limit 1
