-- How a trace went as a whole, apart from what failed in it. Null in rows from before, of
-- which `errors` says all there is, until something of them is written again.
--
-- They stand behind the pack, which may be long. That costs no walk along the rows: null, 0
-- and 1 are in the head of a row, and SQLite reads no further for them.

-- Whether a span that has no parent failed.
alter table trace add column root_failed integer;
-- Failed spans that no failed child explains: what is passed on by parents counts once. Of a
-- trace of which spans have rows of their own, all that failed.
alter table trace add column failures integer;
