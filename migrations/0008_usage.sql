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

-- Requests that were refused because the project had as many traces as it may have.
alter table stat add column rejected_quota integer not null default 0;

-- Where a project stands in a month that has a limit of traces: written by the cron, where
-- the operator has set one.
create table quota (
  project text primary key not null references project (id),
  -- The month's beginning.
  month_ms integer not null,
  -- Traces of the month's hours before this one, so that few hours are added up each minute.
  -- Nobody writes to an hour any more that is two hours old.
  settled_ms integer not null,
  traces integer not null,
  -- Percent of the limit for which an alert was taken by its receiver.
  alerted integer not null default 0,
  -- When somebody set out to send the next alert; null when that is over.
  claimed_ms integer
) strict, without rowid;

-- Until when a project's batches are refused, where the operator has that done with those
-- that are over their limit. Read with its keys.
alter table project add column blocked_until_ms integer;
