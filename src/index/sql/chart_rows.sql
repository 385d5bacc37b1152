-- Traces with what they add to a bucket. What runs has no duration yet.
(select *, $HIT as hit, $FAILED as failed, ($RUNNING or $UNFINISHED) as going from (
  select t.key, t.id, coalesce(t.name, '') as name, t.start_us, t.end_us, t.spans, t.errors,
    t.tokens, t.cost_nano, t.session, t.user, t.tags, t.models, t.open, t.root_child,
    t.active_us, t.ended, t.root_failed, t.error_preview$MORE
  from trace as t where $RANGE order by t.key limit $ROWS) as walk)
