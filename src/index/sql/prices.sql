-- The prices that a project has set.
select json_array(pattern, from_day, json(prices)) as json
from price where project = ?1
order by pattern, from_day
