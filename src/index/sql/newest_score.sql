-- When the newest score of a trace was made.
select json_array(c.at_us) as json from score as c
where c.project = $TENANT and c.subject = ?2
order by c.at_us desc limit 1
