-- The API's list. Long metadata is read from the raw batches, and weighs what is read.
select json, octet_length(json) + elsewhere as weigh from (
  select '[' || w.hit || ',' || ($END) || ',' || $TRACE || ']' as json,
    case when t.metadata = '' then coalesce(t.event_length, 0) else 0 end as elsewhere
  from $WALK as w
  cross join trace as t on t.project = ?1 and t.id = w.id
  left join batch as b on b.seq = t.event_batch and b.project = t.project
  where hit or $END
  limit $LIMIT)
