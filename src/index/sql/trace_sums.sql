-- What the newest traces of a range come to, by what they are grouped by: of each group how
-- many traces it has, their tokens and their cost.
select json_array(called, count(*), sum(tokens), sum(cost_nano)) as json
from (
  select $BY as called, t.tokens, t.cost_nano
  from trace as t where $RANGE order by t.key desc limit $ROWS)
where called is not null
group by called order by sum(cost_nano) desc, count(*) desc, called limit $GROUPS
