-- How many traces there are, as far as is looked, when the newest and the oldest of those
-- started, and when the oldest of all did.
select json_array(count(*), max(start_us), min(start_us), (
    select t.start_us from trace as t where $RANGE
    order by t.key limit 1)) as json
from (select t.start_us from trace as t where $RANGE
  order by t.key desc limit $EXACT + 1)
