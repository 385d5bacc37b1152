-- How many dead letters a project has, up to a number.
select cast(count(*) as text) as json
from (select 1 from dead_letter where project = ?1 limit $LETTERS)
