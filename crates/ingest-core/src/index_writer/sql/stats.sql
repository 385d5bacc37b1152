-- Counts batches by hour, but those that the ledger has: it comes before the ledger's
-- own statement in the transaction. And what the transaction adds to the index, whoever
-- said it. Writes no row where both are nothing.
insert into stat (project, hour_ms, batches, events, bytes, delay_ms_sum, delay_ms_max, retried,
  traces, spans)
select ?1, ?3, batches, events, bytes, delay_ms_sum, delay_ms_max, retried, ?4, ?5
from (
  select count(*) as batches,
    coalesce(sum(r.value->>'events'), 0) as events, coalesce(sum(r.value->>'bytes'), 0) as bytes,
    coalesce(sum(r.value->>'delay_ms'), 0) as delay_ms_sum,
    coalesce(max(r.value->>'delay_ms'), 0) as delay_ms_max,
    coalesce(sum(r.value->>'retried'), 0) as retried
  from json_each(?2) as r
  where not exists (select 1 from batch where project = ?1 and id = r.value->>'id'))
where batches > 0 or ?4 <> 0 or ?5 <> 0
on conflict (project, hour_ms) do update set
  batches = batches + excluded.batches,
  events = events + excluded.events,
  bytes = bytes + excluded.bytes,
  delay_ms_sum = delay_ms_sum + excluded.delay_ms_sum,
  delay_ms_max = max(delay_ms_max, excluded.delay_ms_max),
  retried = retried + excluded.retried,
  traces = traces + excluded.traces,
  spans = spans + excluded.spans
