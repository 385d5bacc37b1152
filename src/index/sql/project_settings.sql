-- What a project has set that counts when its traces are written: null where it has an
-- evaluator that runs unasked, the prices that it has set, and its budgets. No row where it has
-- none of them.
select json from (
  select 'null' as json from evaluator where project = ?1 and enabled = 1 and auto_run = 1 limit 1)
union all
select json_object('pattern', pattern, 'from', nullif(from_day, ''), 'prices', json(prices)) as json
from price where project = ?1
union all
select json_array(id, subject_kind, subject, period, created_ms) as json
from budget where project = ?1
