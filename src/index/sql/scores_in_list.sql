-- What the newest scores of a trace come to, by evaluator: how many there are, and the
-- average of those that are numbers. It is made text: SQLite passes JSON on as such through
-- some functions and not through others, from version to version.
(select nullif(json_group_array(json_array(name, scores, mean)) || '', '[]') from (
  select name, count(*) as scores, avg(cast(value as real)) as mean
  from (
    select c.name, c.value from score as c
    where c.project = $TENANT and c.subject = w.id
    order by c.at_us desc limit $MOST)
  group by name))
