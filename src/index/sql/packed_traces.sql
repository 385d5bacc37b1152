-- The walk along a project's traces, newest first, for what is packed in those that are
-- wanted: spans as they were when the trace's row was last written. Of the others only the
-- last that was looked at comes back. What is packed is read of what a page holds alone.
select case when w.before >= $PAGE_BYTES then '' else
  json_array(w.wanted, w.walked = $ROWS, cast(t.key as text), t.id, coalesce(t.name, ''),
    t.start_us, t.end_us, t.spans, case when w.wanted then hex(t.pack) else '' end) end as json
from (
  select key, walked, wanted, sum(weigh) over (rows unbounded preceding) - weigh as before from (
    select w.key, w.walked, $WANTED as wanted, 2 * octet_length(t.pack) + 500 as weigh from (
      select t.key, row_number() over (order by t.key desc) as walked
      from trace as t where $RANGE order by t.key desc limit $ROWS) as w
    cross join trace as t on t.key = w.key
    where $WANTED or w.walked = $ROWS
    limit $LIMIT)) as w
cross join trace as t on t.key = w.key
