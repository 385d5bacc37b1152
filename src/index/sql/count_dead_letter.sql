-- Counts a batch that became a dead letter, unless it was one already.
insert into stat (project, hour_ms, dead_lettered)
select ?1, ?3, 1
where not exists (select 1 from dead_letter where project = ?1 and batch = ?2)
  and not exists (select 1 from batch where project = ?1 and id = ?2)
on conflict (project, hour_ms) do update set dead_lettered = dead_lettered + 1
