-- The walk along scores, newest first: whether the filter lets one through, and how many
-- have been looked at by then. As in `walk.sql`, SQLite takes row after row.
select json, octet_length(json) as weigh from (
  select '[' || hit || ',' || (walked >= $ROWS_SCANNED) || ',' || $SCORE || ']' as json
  from (
    select c.*, $HIT as hit, row_number() over (order by c.at_us desc, c.id desc) as walked
    from score as c
    where $RANGE
    order by c.at_us desc, c.id desc)
  where hit or walked >= $ROWS_SCANNED
  limit $LIMIT)
