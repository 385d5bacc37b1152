-- Of each window what its traces add up to: those that are read, and how many of its
-- seconds they reach, of which one that is read in part counts for that part.
select (
  select json_array(
    w.value->>'bucket', rows,
    ((last >> $COUNT_BITS) & $SECONDS) - (w.value->>'first') + ((last & $COUNTS) + 1.0) / (
      1 + ((select max(t.key) from trace as t where t.key >= last and t.key <= (last | $COUNTS)) & $COUNTS)),
    w.value->>'seconds', traces, failures, tokens, cost, took)
  from (select count(*) as rows, max(key) as last, $SUMS from $TRACES)) as json
from json_each($WINDOWS) as w
