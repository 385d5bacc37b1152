-- A batch that could not be written, unless it is by now.
insert into dead_letter (project, batch, object, reason, attempts, recorded_ms)
select ?1, ?2, ?3, ?4, ?5, ?6
where not exists (select 1 from batch where project = ?1 and id = ?2)
on conflict (project, batch) do update set
  reason = excluded.reason,
  attempts = attempts + excluded.attempts,
  recorded_ms = excluded.recorded_ms
