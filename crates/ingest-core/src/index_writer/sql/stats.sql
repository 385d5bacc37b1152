-- Counts batches by hour, but those that the ledger has: it comes before the ledger's
-- own statement in the transaction.
insert into stat (project, hour_ms, batches, events, bytes, delay_ms_sum, delay_ms_max, retried)
select
  ?1, ?3, count(*),
  sum(r.value->>'events'), sum(r.value->>'bytes'), sum(r.value->>'delay_ms'),
  max(r.value->>'delay_ms'), sum(r.value->>'retried')
from json_each(?2) as r
where not exists (select 1 from batch where project = ?1 and id = r.value->>'id')
group by ?1
on conflict (project, hour_ms) do update set
  batches = batches + excluded.batches,
  events = events + excluded.events,
  bytes = bytes + excluded.bytes,
  delay_ms_sum = delay_ms_sum + excluded.delay_ms_sum,
  delay_ms_max = max(delay_ms_max, excluded.delay_ms_max),
  retried = retried + excluded.retried
