-- The words of two traces: the bytes of a test of `ingest_core::pack::words`.
insert into word_block (key, first, traces, parted, words) values ((1 << 48) | (7 << 16), 5, 2, 1, x'01020b0301610400019b0000000070008000000000000001030000010000020a0b0c02030004');
