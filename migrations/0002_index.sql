-- The index over the raw batches in R2. Rows written are nearly all of what this service
-- costs, so a trace is one row, with its spans packed in it beside the columns that lists
-- need. Whoever adds to a trace reads its row, folds in what is new and writes the row once.

-- The numbers that projects have in this database. They are parts of keys, so there are
-- no more than 32,767.
create table tenant (
  number integer primary key check (number between 1 and 32767),
  project text not null unique
) strict;

-- The ledger: every raw batch whose events are in this database, written in the same
-- transaction as they are.
create table batch (
  project text not null,
  -- The 128-bit hash of the body, 32 hexadecimal digits: a body sent again is the same
  -- batch, whatever object it lies in.
  id text not null,
  -- When the first object of this body was received: that is in its key.
  received_ms integer not null,
  events integer not null,
  bytes integer not null,
  primary key (project, id)
) strict, without rowid;

-- A trace: the fold of everything that was ever said of it, in any order.
create table trace (
  -- The project's number, 32 bits of the second since 2020 at which the trace was first
  -- known to start, 16 bits of a count within that second. So the table itself is each
  -- project's list, newest last, with no index by start that would have to be written. It
  -- never changes: who pages along it neither skips a trace nor sees one twice.
  key integer primary key,
  -- `tenant.number`.
  project integer not null,
  -- The id, in 23 characters where it has 128 bits.
  id text not null,
  -- Counts the times that the row was written. A row is only written by who has read it
  -- as it is.
  version integer not null,

  -- The least and the greatest time that any event says. Microseconds since the epoch.
  start_us integer not null,
  end_us integer,
  -- What its spans add up to, as they are now: those packed here and those with rows of
  -- their own. `open`: that have begun and not ended.
  spans integer not null,
  errors integer not null,
  open integer not null,
  tokens integer not null,
  -- Billionths of a dollar: integers add up to the same sum in any order.
  cost_nano integer not null,
  -- When the first batch that mentions it was received. Milliseconds.
  created_ms integer not null,
  -- The latest time that any of its events says, or was received at where it says none.
  active_us integer not null,
  -- Whether the span that it is shown by has a parent; 2 while there is none; 3 where it is
  -- a part of another trace, under the id of a span that was changed by that alone.
  root_child integer not null,
  -- Whether an event of its own says an end.
  ended integer not null,

  -- What is said of it, of several who say something the one who counts first; its name
  -- may be its root span's.
  name text,
  session text,
  user text,
  parent_trace text,
  deployment text,
  -- JSON arrays of strings. Tags are not a table of their own: a row for each tag of each
  -- trace would be billed, and lists return them anyway.
  tags text,
  evaluators text,
  -- The models that its spans ever said, a line each, at most 16.
  models text,
  -- JSON as it was sent; null when none was; empty where it is to be read from the raw
  -- batches: it is longer than a few KB, or several events make it.
  metadata text,
  -- The bytes of those events, where they are to be read.
  metadata_bytes integer,
  -- The beginnings of its root span's input and output.
  input_preview text,
  output_preview text,

  -- Null, or what those spans add up to that have rows of their own: a JSON array of
  -- spans, errors, open, tokens, cost_nano.
  beyond text,
  -- Who said what of it, and where its metadata lies: `ingest_core::pack::head`.
  head blob not null,
  -- Its spans: `ingest_core::pack::spans`. Last in the row, so that nothing is read along.
  pack blob not null
) strict;

-- Not WITHOUT ROWID: there a row of more than 1,002 bytes takes a page of its own.
create unique index trace_by_id on trace (project, id);

-- Spans that their trace's row has no room for.
create table span (
  -- `trace.key`.
  trace integer not null,
  -- As `trace.id`.
  id text not null,
  -- Where it is in the order of a trace's spans. Microseconds; null is last.
  start_us integer,
  -- 48 bits of XXH3-64 of the id of its envelope, by which its children may name it.
  envelope integer,
  -- The span: `ingest_core::pack::spans`, with it alone.
  pack blob not null,
  primary key (trace, id)
) strict, without rowid;

-- Always empty. A row that is put here fails, and its transaction with it: that is how a
-- trace that was changed since it was read is not written.
create table guard (
  changed_since integer constraint changed_since check (changed_since = 0)
) strict;
