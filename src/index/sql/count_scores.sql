-- How many scores a trace has, up to a bound.
select count(*) from (
  select 1 from score as c
  where c.project = $TENANT and c.subject = t.id limit $MOST)
