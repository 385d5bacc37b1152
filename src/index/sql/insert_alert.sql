-- A new rule, unless the project has as many as it may have. Gives its id if so.
insert into alert (project, $COLUMNS)
select ?1, $VALUES
from json_each('[' || ?2 || ']') as r
where (select count(*) from alert where project = ?1) < $MOST
returning id as json
