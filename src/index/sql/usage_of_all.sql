-- The same of every project, which only who serves all of them may ask for.
select json_array(p.id, strftime('%Y-%m', s.hour_ms / 1000, 'unixepoch'),
  max(sum(s.traces), 0), max(sum(s.spans), 0), max(sum(s.eval_runs), 0)) as json
from project as p
cross join stat as s on s.project = p.id and s.hour_ms >= ?1 and s.hour_ms < ?2
group by p.id, strftime('%Y-%m', s.hour_ms / 1000, 'unixepoch')
order by p.id
