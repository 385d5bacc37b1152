-- What a project used, by the hour in which it was written: for `GET /api/v1/usage`.
--
-- Traces and spans that the hour's transactions added to the index, each id once, in those
-- transactions. A guessed trace that turns out to be a part of another is taken off again,
-- and so is what is deleted to be written anew: an hour may be below zero. So the sums over
-- all hours are what the index holds.
alter table stat add column traces integer not null default 0;
alter table stat add column spans integer not null default 0;
-- Scores that evaluators gave for the first time.
alter table stat add column eval_runs integer not null default 0;
