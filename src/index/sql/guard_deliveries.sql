-- Fails, and the transaction with it, where one of these deliveries is gone.
insert into guard (changed_since)
select 1 from json_each(?2) as r
where not exists (
  select 1 from delivery as d
  where d.key = cast(r.value as integer) and d.key >> $KEY_BITS = $TENANT)
