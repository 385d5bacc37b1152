-- What keeps an accepted batch from being lost, and what counts what happened.

-- Raw batches that the sweeper found missing from the ledger and queued again.
-- A row goes when the ledger knows its batch; until then it is queued again,
-- less and less often. So the sweeper's place in R2 can move on at once.
create table overdue (
  project text not null,
  batch text not null,
  -- The full key of the raw object in R2, and the time in it.
  object text not null,
  received_ms integer not null,
  queued integer not null,
  -- When to queue it again, if it still is not there. Milliseconds.
  due_ms integer not null,
  primary key (project, batch)
) strict, without rowid;

create index overdue_by_due on overdue (due_ms);

-- How far the sweeper has come: every raw object up to this key is in the
-- ledger, overdue, or a dead letter. One row.
create table sweep (
  id integer primary key check (id = 1),
  position text not null
) strict;

insert into sweep (id, position) values (1, '');

-- Raw batches that could not be written for good, with the reason. A row goes
-- when its batch is written after all.
create table dead_letter (
  project text not null,
  batch text not null,
  object text not null,
  reason text not null,
  attempts integer not null,
  recorded_ms integer not null,
  primary key (project, batch)
) strict, without rowid;

-- What happened, by project and hour, for `GET /api/v1/stats`: one row, so that
-- counting a batch costs one row written. What the consumer counts is exact,
-- because it is in the transaction of what it writes; what the edge counts
-- (the rejected) is close, because an isolate that is stopped takes its last
-- ten seconds with it.
create table stat (
  project text not null,
  -- The hour's beginning, milliseconds since the epoch.
  hour_ms integer not null,
  batches integer not null default 0,
  events integer not null default 0,
  bytes integer not null default 0,
  -- From received to written.
  delay_ms_sum integer not null default 0,
  delay_ms_max integer not null default 0,
  -- Deliveries beyond the first, of batches written since.
  retried integer not null default 0,
  dead_lettered integer not null default 0,
  -- Batches that the sweeper queued.
  swept integer not null default 0,
  -- Requests, by the code of their answer.
  rejected_validation integer not null default 0,
  rejected_too_large integer not null default 0,
  rejected_media_type integer not null default 0,
  rejected_rate_limit integer not null default 0,
  primary key (project, hour_ms)
) strict, without rowid;
