-- The next project that has anything in this database.
select json_array(number, project) as json from tenant where number > ?1 order by number limit 1
