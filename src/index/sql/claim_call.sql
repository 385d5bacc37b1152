-- Counts a call for one score, unless there were as many as there may be. Gives how many there
-- are with it.
insert into evaluation (project, trace, evaluator, version, span, name, status, message, input, failures, calls, as_of_ms)
select $TENANT, r.value->>'trace', r.value->>'evaluator', r.value->>'version', r.value->>'span',
  r.value->>'name', 'error', 'It was begun, and has not ended.', null, 1, 1, 0
from json_each('[' || ?2 || ']') as r
where true
on conflict (project, trace, evaluator, version, span) do update set calls = calls + 1
where calls < ?3
returning cast(calls as text) as json
