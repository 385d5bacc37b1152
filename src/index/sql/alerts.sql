-- A project's rules, the oldest first.
select json_array($COLUMNS) as json from alert where project = ?1 order by id
