-- A project of this name where there is none; its handling, where one is asked for.
insert into project (id, name, handling, created_ms)
values (?1, ?2, coalesce(nullif(?3, ''), 'strict'), ?4)
on conflict (name) do update set handling = coalesce(nullif(?3, ''), handling)
