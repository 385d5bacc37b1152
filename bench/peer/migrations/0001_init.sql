-- The peer's tables: ordinary rowid tables with text primary keys and the
-- indexes that its queries want. Totals are added up when they are read, so
-- that a message delivered twice cannot count twice. Inputs and outputs stay
-- in the raw batch in R2, as they do in ours.

create table api_keys (
  key_hash text primary key,
  id text not null,
  project_id text not null,
  revoked_at integer
);

create table traces (
  project_id text not null,
  id text not null,
  name text,
  session_id text,
  parent_trace_id text,
  deployment_id text,
  tags text,
  evaluators text,
  metadata text,
  start_time integer not null,
  end_time integer,
  created_at integer not null,
  primary key (project_id, id)
);

create index traces_by_start on traces (project_id, start_time);

create table spans (
  project_id text not null,
  id text not null,
  trace_id text not null,
  event_id text,
  parent_span_id text,
  name text not null,
  type text not null,
  status text not null,
  start_time integer,
  end_time integer,
  model text,
  prompt_tokens integer,
  completion_tokens integer,
  total_tokens integer,
  cost real,
  error_message text,
  raw_key text not null,
  created_at integer not null,
  primary key (project_id, id)
);

create index spans_by_trace on spans (project_id, trace_id);
