-- An evaluator, and what became of it on the trace.
insert into evaluator (project, id, name, type, config, enabled, auto_run, target, filter, sample_rate, version, created_ms, updated_ms)
  values ('p1', 'ev_old', 'helpful', 'CONTAINS', '{"value":"way"}', 1, 0, 'trace', '{}', 1, 1, 1, 1);
insert into evaluation (project, trace, evaluator, version, span, name, status, failures, calls, as_of_ms)
  values (1, 'old', 'ev_old', 1, '', 'helpful', 'ok', 0, 0, 1);
