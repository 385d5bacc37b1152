-- The API's list in another order than that of start. Long metadata weighs what is read.
select json, octet_length(json) + elsewhere as weigh from (
  select '[' || w.hit || ',0,' || $TRACE || ']' as json, coalesce(t.metadata_bytes, 0) as elsewhere
  from $WALK as w
  cross join trace as t on t.key = w.key
  where hit and $AFTER
  order by $VALUE desc, w.key desc
  limit $LIMIT)
