-- Where each project stands in a month.
select json_array(q.project, p.name, q.alerted, max(q.traces + coalesce((
    select sum(s.traces) from stat as s
    where s.project = q.project and s.hour_ms >= q.settled_ms and s.hour_ms < ?2), 0), 0)) as json
from quota as q join project as p on p.id = q.project
where q.month_ms = ?1
order by q.project
