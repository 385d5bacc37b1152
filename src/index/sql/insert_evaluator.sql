-- A new evaluator, unless the project has one of that name, or as many as it may have. Gives
-- its id if so.
insert into evaluator (project, $COLUMNS)
select ?1, $VALUES
from json_each('[' || ?2 || ']') as r
where (select count(*) from evaluator where project = ?1) < ?3
on conflict (project, name) do nothing
returning id as json
