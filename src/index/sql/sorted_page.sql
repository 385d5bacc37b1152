-- The dashboard's list in another order than that of start: what comes after a trace in it.
select json, octet_length(json) as weigh from (
  select json_array($FIELDS) as json
  from $WALK as w where hit and $AFTER
  order by $VALUE desc, key desc
  limit $LIMIT)
