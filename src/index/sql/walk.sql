-- The walk along a project's traces, newest first: whether the filter lets a row through,
-- and how many rows have been looked at by then. The window is in the table's order and
-- the outer selects are in its: SQLite takes row after row through all three and stops
-- when it has enough. No pack is among the columns: a window would carry it along.
(select *, $HIT as hit from (
  select t.key, t.id, coalesce(t.name, '') as name, t.start_us, t.end_us, t.spans, t.errors,
    t.tokens, t.cost_nano, t.session, t.user, t.tags, t.models, t.input_preview,
    t.output_preview, t.open, t.root_child, t.active_us, t.ended, t.root_failed,
    coalesce(t.failures, t.errors) as failures, t.error_preview$MORE,
    row_number() over (order by t.key desc) as walked
  from $TRACES where $RANGE) as walk)
