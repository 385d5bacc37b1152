-- The rules that are switched on, of all projects, which only who serves all of them may ask
-- for.
select json_array(a.project, p.name, json_array($COLUMNS_OF_A)) as json
from alert as a join project as p on p.id = a.project
where a.enabled = 1
order by a.project, a.id
limit $READ
