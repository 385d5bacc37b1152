-- The ids of the newest scores of each of some traces, as `scores_of_trace.sql` has them.
select json, octet_length(json) as weigh from (
  select json_array(r.value, json((
    select json_group_array(id) from (
      select c.id from score as c
      where c.project = $TENANT and c.subject = r.value
      order by c.at_us desc, c.id desc limit $MOST)))) as json
  from json_each(?2) as r)
