-- What was used, by the hour: by model, and by the names, users and tags of traces.

-- What a transaction of the consumer's changes of that, in that transaction, one row for each
-- project. They are only appended: no two writers meet in a row. The cron adds up those that
-- are some minutes old, and deletes them.
create table delivery (
  -- The project's number, 32 bits of the second since 2020 at which it was written, 16 bits
  -- of a count within that second.
  key integer primary key,
  -- `ingest_core::pack::usage::write_cells`. May be below zero.
  usage blob not null
) strict;

-- What they came to, by the hour and by the day. Only the cron writes here.
create table usage (
  -- `tenant.number`.
  project integer not null,
  -- 1 of hours, 24 of days.
  hours integer not null,
  -- The beginning: hours since the epoch.
  hour integer not null,
  -- Counts the times that the row was written.
  version integer not null,
  -- `ingest_core::pack::usage::Column`, each: a bounded number of values.
  models blob not null,
  names blob not null,
  tags blob not null,
  users blob not null,
  primary key (project, hours, hour)
) strict, without rowid;
