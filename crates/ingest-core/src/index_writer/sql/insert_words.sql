-- Blocks of words. A key is the project's number, the second of the block's last trace, and a
-- count within it.
with own as materialized (
  select nth, row, ($TENANT << $SECOND_BITS | (row->>0)) << $COUNT_BITS as first
  from (select r.key as nth, jsonb(r.value) as row from json_each(?2) as r))
insert into word_block (key, first, traces, parted, words)
select coalesce((
    select max(b.key) + 1 from word_block as b
    where b.key >= own.first and b.key < own.first + (1 << $COUNT_BITS)), own.first) + own.nth,
  own.row->>1, own.row->>2, own.row->>3, unhex(own.row->>4)
from own
