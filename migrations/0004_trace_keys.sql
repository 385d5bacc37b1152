-- Spans are kept under a number that stands for their trace. It grows from batch
-- to batch, so that spans which come together lie together: with random trace ids
-- in front every trace dirtied a page of its own somewhere in the table, and each
-- row held 36 bytes more.

-- The number: `seq` of the first batch that mentioned the trace, times 2^20, plus
-- the place in that batch of the first event that did. An event mentions one trace,
-- so a number is one trace's, of whatever project, also when the batch comes again.
-- Those from before this migration count down from -1.
alter table trace add column key integer not null default 0;

update trace set key = old.key
from (select project, id, -row_number() over (order by project, id) as key from trace) as old
where old.project = trace.project and old.id = trace.id;

-- A span, clustered with its trace. Its input, output, parameters, metadata,
-- error message and the exact text of everything stay in the raw batch, at
-- (`batch`, `offset`, `length`). Whose it is, its trace's row says.
create table span_by_key (
  -- `trace.key`.
  trace integer not null,
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
  -- Microseconds since the epoch.
  start_us integer,
  -- The end, less the start; less 0 when there is none. An end would be 8 bytes.
  took_us integer,
  model text,
  prompt_tokens integer,
  completion_tokens integer,
  total_tokens integer,
  cost_nano integer,
  -- The revision that this row shows: the newest by (timestamp, upper 48 bits of
  -- the hash of the event's bytes) wins, whatever order they came in.
  rev_us integer not null,
  rev_hash integer not null,
  batch integer not null,
  offset integer not null,
  length integer not null,
  primary key (trace, id)
) strict, without rowid;

insert into span_by_key
select
  t.key, s.id, s.parent, s.envelope, s.name, s.type, s.status, s.start_us,
  s.end_us - coalesce(s.start_us, 0), s.model, s.prompt_tokens,
  s.completion_tokens, s.total_tokens, s.cost_nano, s.rev_us,
  s.rev_hash >> 16, s.batch, s.offset, s.length
from span as s join trace as t on t.project = s.project and t.id = s.trace
order by 1, 2;

drop table span;

alter table span_by_key rename to span;

-- Their hashes, too.
update trace set
  root_rev_hash = root_rev_hash >> 16,
  event_hash = event_hash >> 16;
