-- The dashboard's list.
select json, octet_length(json) as weigh from (
  select json_array($FIELDS) as json
  from $WALK as w where hit or $END
  limit $LIMIT)
