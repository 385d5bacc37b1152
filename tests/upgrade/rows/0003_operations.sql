-- Counts of an hour, and a batch that could not be written.
insert into stat (project, hour_ms, batches, events, bytes) values ('p1', 1795327200000, 1, 3, 620);
insert into dead_letter (project, batch, object, reason, attempts, recorded_ms)
  values ('p1', '0123456789abcdef0123456789abcdef', 'raw/20261122T061930.123Z/p1/0123456789abcdef0123456789abcdef.json', 'why', 3, 1);
