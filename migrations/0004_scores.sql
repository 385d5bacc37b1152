-- Scores: how good a trace, one of its spans or a session is, as a person, a program or a
-- model judged it. Rows are there only where scores were sent.
create table score (
  -- `tenant.number`.
  project integer not null,
  -- The id, in 23 characters where it has 128 bits.
  id text not null,
  -- Of what is said of one score this is the newest, whatever came first: by these four, in
  -- this order. Only what is newer is written. `rank`, `at_us` and `hash` are those of
  -- `ingest_core::fold::place::Order`, with more bits of the hash.
  --
  -- A deleted score stays as a row that says nothing but that, so that no raw batch that is
  -- written again brings it back.
  deleted integer not null check (deleted in (0, 1)),
  rank integer not null,
  -- When it was made, or was received where it does not say. Microseconds since the epoch.
  at_us integer not null,
  hash integer not null,
  -- What it is of: a trace, one of its spans, a span whose trace was not said, or a session.
  -- None of them need be there. Ids as those of scores.
  trace text,
  span text,
  session text,
  -- What it is found by with a trace: that, or a span whose trace was not said, because
  -- clients name a trace's root so, which has the trace's id. No generated column: an index
  -- over one is read beside the table.
  subject text,
  -- What is judged; null of a deleted one.
  name text,
  -- A JSON number, as text: what is read is what was said, to the last digit.
  value text,
  -- Whether the value is one of two.
  boolean integer not null,
  label text,
  reasoning text,
  -- A JSON object.
  metadata text,
  -- Who made it: 0 for a client of the API, whatever its format.
  source integer not null default 0,
  primary key (project, id)
) strict, without rowid;

-- The project's list, newest first.
create index score_by_time on score (project, at_us) where deleted = 0;

-- The scores of a trace, newest first. A deleted one is of nothing.
create index score_by_subject on score (project, subject, at_us) where subject is not null;

-- Those of spans whose trace was not said, which few clients leave out: the others have no
-- row here.
create index score_of_span_alone on score (project, span)
  where trace is null and span is not null;
