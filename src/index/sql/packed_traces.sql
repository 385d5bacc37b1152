-- The walk along a project's traces, newest first, for what is packed in those that are
-- wanted: spans as they were when the trace's row was last written. Of the others only the
-- last that was looked at comes back. What is packed is read of those that come back alone.
select json, octet_length(json) as weigh from (
  select json_array($WANTED, w.walked = $ROWS, cast(t.key as text), t.id, coalesce(t.name, ''),
    t.start_us, t.end_us, t.spans, case when $WANTED then hex(t.pack) else '' end) as json
  from (
    select t.key, row_number() over (order by t.key desc) as walked
    from trace as t where $RANGE order by t.key desc limit $ROWS) as w
  cross join trace as t on t.key = w.key
  where $WANTED or w.walked = $ROWS
  limit $LIMIT)
