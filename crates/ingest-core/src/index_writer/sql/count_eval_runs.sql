-- Counts scores of evaluators whose ids are new: it comes before they are written, in the
-- same transaction.
insert into stat (project, hour_ms, eval_runs)
select ?1, ?3, runs
from (
  select count(*) as runs from json_each(?2) as r
  where not exists (select 1 from score where project = $TENANT and id = r.value))
where runs > 0
on conflict (project, hour_ms) do update set eval_runs = eval_runs + excluded.eval_runs
