-- The scores of a trace, newest first: those that name it, and those that name its root alone.
select json, octet_length(json) as weigh from (
  select $SCORE as json
  from score as c
  where c.project = $TENANT and c.subject = ?2
  order by c.at_us desc, c.id desc limit $MOST)
