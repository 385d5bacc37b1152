-- What became of evaluators. Of what is said of one the latest counts.
insert into evaluation (project, $COLUMNS)
select $TENANT, $VALUES
from json_each(?2) as r
where true
on conflict (project, trace, evaluator, version, span) do update set
  (name, status, message, input, failures, as_of_ms)
    = (excluded.name, excluded.status, excluded.message, excluded.input, excluded.failures, excluded.as_of_ms)
where excluded.as_of_ms >= evaluation.as_of_ms
