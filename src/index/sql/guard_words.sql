-- Fails, and the transaction with it, where one of these blocks is gone.
insert into guard (changed_since)
select 1 from json_each(?2) as r
where not exists (
  select 1 from word_block as b
  where b.key = cast(r.value as integer) and b.key >> $KEY_BITS = $TENANT)
