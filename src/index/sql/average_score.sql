-- The scores of a name of some time, of the newest: how many, and their average.
select json_array(count(value), avg(value)) as json
from (
  select c.name, cast(c.value as real) as value from score as c
  where c.project = $TENANT and c.deleted = 0 and c.at_us >= cast(?3 as integer)
    and c.at_us <= cast(?4 as integer)
  order by c.at_us desc limit $SCORES)
where name = ?2
