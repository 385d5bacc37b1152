-- The project's number in this database, unless it has one.
insert into tenant (number, project)
select (select coalesce(max(number), 0) + 1 from tenant), ?1
where not exists (select 1 from tenant where project = ?1)
