-- Notes a batch that is to be queued again even if it is written meanwhile: such a row has
-- been queued -1 times.
insert into overdue (project, batch, object, received_ms, queued, due_ms)
values (?1, ?2, ?3, ?4, -1, ?5)
on conflict (project, batch) do update set queued = -1
