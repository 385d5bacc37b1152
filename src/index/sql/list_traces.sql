-- The API's list. Long metadata is read from the raw batches, and weighs what is read.
select json, octet_length(json) + elsewhere as weigh from (
  select '[' || w.hit || ',' || ($END) || ',' || $TRACE || ']' as json,
    coalesce(t.metadata_bytes, 0) as elsewhere
  from $WALK as w
  cross join trace as t on t.key = w.key
  where hit or $END
  limit $LIMIT)
