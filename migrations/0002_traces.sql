-- The index over the raw batches in R2. Rows written are nearly all of what
-- this service costs, so: WITHOUT ROWID (the primary key is the table), one
-- row for each span, one secondary index in all.

-- The ledger: every raw batch whose events are in this database, written in
-- the same transaction as they are. `seq` is what span rows hold instead of
-- the object's key: 3 bytes instead of 80.
create table batch (
  seq integer primary key,
  project text not null,
  -- The 128-bit hash of the body, 32 hexadecimal digits: a body sent again is
  -- the same batch, whatever object it lies in.
  id text not null,
  -- The full key of the raw object in R2.
  object text not null,
  received_ms integer not null,
  events integer not null,
  bytes integer not null,
  unique (project, id)
) strict;

-- A trace: what its spans add up to, what its root span says, and what its
-- own event says. It appears with whichever comes first.
create table trace (
  project text not null,
  id text not null,

  -- Derived from every event that ever came, so that order never matters:
  -- the least start, the greatest end, sums over the spans as they are now.
  -- Microseconds since the epoch.
  start_us integer not null,
  end_us integer,
  spans integer not null default 0,
  errors integer not null default 0,
  tokens integer not null default 0,
  -- Billionths of a dollar: integers add up to the same sum in any order.
  cost_nano integer not null default 0,
  -- When the first batch that mentions it was received. Milliseconds.
  created_ms integer not null,

  -- The root span is the least by (has a parent, start, id, newest revision).
  -- It names a trace whose own event never comes, and gives lists something
  -- to show. `root_child` is 2 while there is no span.
  root_child integer not null default 2,
  root_us integer not null default 0,
  root_span text not null default '',
  root_rev_us integer not null default 0,
  root_rev_hash integer not null default 0,
  root_name text,
  input_preview text,
  output_preview text,

  -- From the newest trace event, by its timestamp and then by the hash of its
  -- bytes. Null until one comes.
  event_us integer,
  event_hash integer,
  name text,
  session text,
  parent_trace text,
  deployment text,
  -- JSON arrays of strings. Tags are not a table of their own: a row for each
  -- tag of each trace would be billed, and lists return them anyway.
  tags text,
  evaluators text,
  -- JSON as it was sent; null when none was; empty when it is longer than a
  -- few KB, and then it is read from the raw batch.
  metadata text,
  event_batch integer,
  event_offset integer,
  event_length integer,

  primary key (project, id)
) strict, without rowid;

-- Lists: newest start first. The only secondary index.
create index trace_by_start on trace (project, start_us, id);

-- Spans as they were before 0004.

-- A span, clustered with its trace. Its input, output, parameters, metadata,
-- error message and the exact text of everything stay in the raw batch, at
-- (`batch`, `offset`, `length`).
create table span (
  project text not null,
  trace text not null,
  id text not null,
  -- XXH3-64 of the parent id as it was sent, and of this event's envelope id:
  -- clients name a parent by either its span id or its envelope id, and a
  -- hash is 8 bytes where an id is 36. Resolved when a trace is read.
  parent integer,
  envelope integer,
  name text not null,
  -- The place of the type in the list of span types, from 0.
  type integer not null,
  -- 0 OK, 1 ERROR.
  status integer not null,
  start_us integer,
  end_us integer,
  model text,
  prompt_tokens integer,
  completion_tokens integer,
  total_tokens integer,
  cost_nano integer,
  -- The revision that this row shows: the newest by (timestamp, hash of the
  -- event's bytes) wins, whatever order they came in.
  rev_us integer not null,
  rev_hash integer not null,
  batch integer not null,
  offset integer not null,
  length integer not null,
  primary key (project, trace, id)
) strict, without rowid;
