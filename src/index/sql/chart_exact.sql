-- Of each bucket what its traces add up to, of those that the filter lets through.
select json_array(bucket, 0, 1.0, 1, traces, failures, tokens, cost, took) as json
from (
  select min(max((start_us - $FROM) / $WIDTH, 0), $LAST) as bucket, $SUMS
  from $TRACES
  group by 1)
