-- The prices that a project has set.
select json_object('pattern', pattern, 'from', nullif(from_day, ''), 'prices', json(prices)) as json
from price where project = ?1
order by pattern, from_day
