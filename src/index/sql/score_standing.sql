-- When what counts of a score was said, be it that there is none.
select json_array(at_us, deleted) as json from score where project = $TENANT and id = ?2
