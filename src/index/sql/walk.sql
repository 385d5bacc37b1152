-- The walk along a project's traces, newest first: whether the filter lets a row through,
-- and how many rows have been looked at by then. The window is in the index's order and
-- the outer selects are in its: SQLite takes row after row through all three and stops
-- when it has enough.
(select *, $HIT as hit from (
  select t.id, t.key, coalesce(t.name, t.root_name, '') as name, t.start_us, t.end_us, t.spans,
    t.errors, t.tokens, t.cost_nano, t.session, t.user, t.tags, t.input_preview, t.output_preview,
    t.open, t.root_child, t.active_us, t.ended,
    sum($WEIGHT) over (order by t.start_us desc, t.id desc
      rows unbounded preceding) as walked
  from trace as t where t.project = ?1$RANGE) as walk)
