-- Where several have the same envelope, the last in order.
select json_array(envelope, id) as json from (
  select envelope, id, row_number() over (
    partition by envelope order by $START desc, $UNPACKED desc) as place
  from span where trace = $KEY and envelope in (select value from json_each(?4)))
where place = 1
