-- What is more, or less, spent of budgets. One that is gone by now stays gone.
insert into spent (project, budget, subject, hour, cost_nano, tokens)
select $TENANT, b.id, r.value->>'subject', r.value->>'hour', r.value->>'cost_nano', r.value->>'tokens'
from json_each(?2) as r
cross join budget as b on b.project = ?1 and b.id = r.value->>'budget'
where true
on conflict (project, budget, subject, hour) do update set
  -- A sum that no integer holds is the largest there is, not a row that cannot be written.
  cost_nano = cast(cost_nano + excluded.cost_nano as integer),
  tokens = cast(tokens + excluded.tokens as integer)
