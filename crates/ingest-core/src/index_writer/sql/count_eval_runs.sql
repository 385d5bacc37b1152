-- Counts scores that evaluators gave for the first time.
insert into stat (project, hour_ms, eval_runs) values (?1, ?2, ?3)
on conflict (project, hour_ms) do update set eval_runs = eval_runs + excluded.eval_runs
