-- What each evaluator's scores come to over time: of each bucket that has any how many there
-- are, how many of them have a value, what those add up to, how many of them pass,
-- and the least and the greatest.
select json_array(name, json_group_array(json_array(bucket, scores, valued, total, passed, least, greatest))) as json
from (
  select name, min(max((at_us - $FROM) / $WIDTH, 0), $LAST) as bucket, count(*) as scores,
    count(value) as valued, total(value) as total, count(*) filter (where value >= 0.5) as passed,
    min(value) as least, max(value) as greatest
  from (
    select c.name, cast(c.value as real) as value, c.at_us
    from score as c where $RANGE order by c.at_us desc limit $ROWS)
  group by 1, 2)
group by name limit $EVALUATORS
