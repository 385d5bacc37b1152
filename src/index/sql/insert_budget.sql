-- A new budget, unless the project has as many as it may have. Gives its id if so.
insert into budget (project, $COLUMNS)
select ?1, $VALUES
from json_each('[' || ?2 || ']') as r
where (select count(*) from budget where project = ?1) < $MOST
returning id as json
