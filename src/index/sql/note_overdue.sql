-- Notes those of the batches that neither the ledger nor the dead letters know. The ledger
-- does not know one that it has by a later object: see its own statement.
insert into overdue (project, batch, object, received_ms, queued, due_ms)
select r.value->>'project', r.value->>'batch', r.value->>'object', r.value->>'received_ms',
  0, ?2
from json_each(?1) as r
where not exists (
    select 1 from batch as b
    where b.project = r.value->>'project' and b.id = r.value->>'batch'
      and b.received_ms <= r.value->>'received_ms')
  and not exists (
    select 1 from dead_letter as d
    where d.project = r.value->>'project' and d.batch = r.value->>'batch')
on conflict (project, batch) do update set
  object = excluded.object, received_ms = excluded.received_ms
where excluded.received_ms < received_ms
