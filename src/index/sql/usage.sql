-- What a project used in the months of some hours: a row for each month with any.
select json_array(?1, strftime('%Y-%m', hour_ms / 1000, 'unixepoch'),
  max(sum(traces), 0), max(sum(spans), 0), max(sum(eval_runs), 0)) as json
from stat where project = ?1 and hour_ms >= ?2 and hour_ms < ?3
group by strftime('%Y-%m', hour_ms / 1000, 'unixepoch')
