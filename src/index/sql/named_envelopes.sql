-- Where several have the same envelope, the last in order.
select json_array(cast(envelope as text), id, $START) as json from (
  select envelope, id, start_us, row_number() over (
    partition by envelope order by $START desc, id desc) as place
  from span where trace = $KEY and envelope in (select cast(value as integer) from json_each(?3)))
where place = 1
