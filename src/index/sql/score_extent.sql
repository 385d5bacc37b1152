-- How many scores were made in a range, up to a bound, and when the oldest of those.
select json_array(count(*), min(at_us)) as json
from (select c.at_us from score as c where $RANGE order by c.at_us desc limit $ROWS)
