-- Due again in five minutes, then ten, twenty, … up to a day.
update overdue
set queued = queued + 1,
  due_ms = ?2 + min(300000 << min(queued, 9), 86400000)
where (project, batch) in (
  select r.value->>'project', r.value->>'batch' from json_each(?1) as r)
