-- Spans, many in a row of text, and the batches that they lie in. Concatenated, not
-- json_group_array(): that would parse each row again. `+project`: checked, but not by its
-- index, along which SQLite would read all the project's batches.
with page as materialized (
  select $SPAN as row, id, $START as start, batch
  from $WHICH)
select '[' || group_concat(case when before < $PART_BYTES then row else 'null' end) || ']' as json
from (
  select row, (row_number() over () - 1) / $SPANS_A_ROW as part,
    sum(octet_length(row)) over (rows unbounded preceding) - octet_length(row) as before
  from (
    select row from page
    order by start, case
      when (select sum(octet_length(row)) from page) > $PART_BYTES then $UNPACKED end))
group by part
union all
select json_object('batch', $BATCH) as json from batch
where +project = ?1 and seq in (select batch from page)
