-- Which model an input is for. Small, written rarely, read by every isolate that is asked.

-- A routing configuration of a project: what `evaluators::model_routing` reads.
create table routing_config (
  project text not null references project (id),
  id text not null,
  name text not null,
  enabled integer not null default 1 check (enabled in (0, 1)),
  -- {"defaultModel", "rules"}, as it was sent.
  config text not null,
  created_ms integer not null,
  updated_ms integer not null,
  primary key (project, id),
  unique (project, name)
) strict, without rowid;
