-- Blocks whose words are in others now.
delete from word_block where key in (
  select cast(r.value as integer) from json_each(?2) as r
  where cast(r.value as integer) >> $KEY_BITS = $TENANT)
