-- Spans that have rows of their own, many in a row of text: concatenated, because
-- json_group_array() would parse each again. What is beyond a bound of bytes comes as null.
select '[' || group_concat(case when before < $PART_BYTES then row else 'null' end) || ']' as json
from (
  select row, sum(octet_length(row)) over (rows unbounded preceding) - octet_length(row) as before
  from (
    select json_array(id, hex(pack)) as row
    from span
    where trace = $KEY and $WHICH
    order by $START, id
    limit $MOST))
group by before / $ROW_BYTES
