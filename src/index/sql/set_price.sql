-- A price of a project's own, in the place of that for the same names and day, if there is one.
-- Gives a row unless the project has as many as it may.
insert into price (project, pattern, from_day, prices, updated_ms)
select ?1, ?2, ?3, ?4, ?5
where (select count(*) from price where project = ?1) < $MOST
  or exists (select 1 from price where project = ?1 and pattern = ?2 and from_day = ?3)
on conflict (project, pattern, from_day) do update set
  prices = excluded.prices, updated_ms = excluded.updated_ms
returning pattern as json
