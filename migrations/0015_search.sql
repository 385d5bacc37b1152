-- By which words traces are found: those of their own inputs and outputs, and of the input, the
-- output and the error of their roots. A block has some traces of one hour with their words; what
-- a transaction of the consumer's is told of words are blocks of its own, in that transaction.
-- The cron makes few of many.
create table word_block (
  -- The project's number, the second since 2020 that the key of the block's last trace names,
  -- and a count within that second. So blocks are in the order of their traces.
  key integer primary key,
  -- The second of its first trace: in the same hour.
  first integer not null,
  traces integer not null,
  -- How many of them have words in other blocks, or may have.
  parted integer not null,
  -- `ingest_core::pack::words`.
  words blob not null
) strict;
