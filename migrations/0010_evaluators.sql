-- Evaluators that judge traces once they are written, and what became of each.

-- An evaluator of a project. Written by its administrators, read by the consumer and by what
-- evaluates.
create table evaluator (
  project text not null references project (id),
  id text not null,
  name text not null,
  type text not null,
  -- What its type reads: a JSON object, as it was sent.
  config text not null,
  enabled integer not null check (enabled in (0, 1)),
  -- Whether it runs where a trace does not ask for it by name.
  auto_run integer not null check (auto_run in (0, 1)),
  target text not null check (target in ('trace', 'span')),
  -- What it runs on: a JSON object.
  filter text not null,
  sample_rate real not null check (sample_rate between 0 and 1),
  -- Most calls of somebody else in a day (UTC); null of those that call nobody.
  max_runs_per_day integer,
  -- Counts the changes of type, config, target and filter. Each version has scores of its own.
  version integer not null,
  created_ms integer not null,
  updated_ms integer not null,
  primary key (project, id),
  unique (project, name)
) strict, without rowid;

-- What became of a version of an evaluator on a trace, or on one of its spans. Its score is
-- in `score`. Rows are there only where evaluators ran.
create table evaluation (
  -- `tenant.number`.
  project integer not null,
  -- Ids as those of scores.
  trace text not null,
  -- `evaluator.id`; a name that no evaluator has, where a trace asks for that.
  evaluator text not null,
  -- 0 of a name that no evaluator has.
  version integer not null,
  -- Empty where it is of the whole trace.
  span text not null,
  name text not null,
  status text not null check (status in ('ok', 'skipped', 'error')),
  -- Why there is no score.
  message text,
  -- What it was read from, hashed: it is not judged again while that is the same.
  input text,
  -- Times that it failed, one after the other; the most at once where trying again cannot help.
  failures integer not null,
  -- Runs for it that were let ask somebody else.
  calls integer not null,
  -- When what it read was written, or when it was asked for. Of two that run at once the
  -- later counts.
  as_of_ms integer not null,
  primary key (project, trace, evaluator, version, span)
) strict, without rowid;

-- Calls of somebody else, by evaluator and day.
create table evaluator_calls (
  project text not null,
  evaluator text not null,
  -- Days since the epoch.
  day integer not null,
  calls integer not null,
  primary key (project, evaluator, day)
) strict, without rowid;
