-- Of each window what its traces add up to, which are taken in order of start: those that
-- are read, the last one's start, and of those that the filter lets through how many there
-- are and failed, their tokens, cost and durations. What runs has no duration yet.
select (
  select json_array(
    w.value->>'bucket', w.value->>'from', w.value->>'to', count(*), max(start_us),
    count(*) filter (where hit), count(*) filter (where hit and failed),
    total(tokens) filter (where hit), total(cost_nano) filter (where hit),
    coalesce(group_concat(end_us - start_us) filter (where hit and not going), ''))
  from (select *, $HIT as hit, $FAILED as failed, ($RUNNING or $UNFINISHED) as going from (
    select t.key, coalesce(t.name, t.root_name, '') as name, t.start_us, t.end_us,
      t.spans, t.errors, t.tokens, t.cost_nano, t.session, t.user, t.tags,
      t.open, t.root_child, t.active_us, t.ended
    from trace as t where t.project = ?1
      and t.start_us >= w.value->>'from' and t.start_us < w.value->>'to'$AFTER
    order by t.start_us limit $ROWS) as walk)) as json
from json_each($WINDOWS) as w
