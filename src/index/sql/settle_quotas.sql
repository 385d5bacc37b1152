-- Adds up the hours before ?2 of the month that began at ?1, of each project: those that
-- are not yet.
insert into quota (project, month_ms, settled_ms, traces)
select p.id, ?1, ?2,
  case when q.month_ms = ?1 then q.traces else 0 end + coalesce((
    select sum(s.traces) from stat as s
    where s.project = p.id and s.hour_ms < ?2
      and s.hour_ms >= case when q.month_ms = ?1 then q.settled_ms else ?1 end), 0)
from project as p left join quota as q on q.project = p.id
where q.project is null or q.month_ms < ?1 or q.month_ms = ?1 and q.settled_ms < ?2
on conflict (project) do update set
  month_ms = excluded.month_ms, settled_ms = excluded.settled_ms, traces = excluded.traces,
  alerted = case when quota.month_ms = excluded.month_ms then quota.alerted else 0 end,
  claimed_ms = case when quota.month_ms = excluded.month_ms then quota.claimed_ms end
