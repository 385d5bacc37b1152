-- Alerts by webhook, and budgets. Rows are there only where projects have made some.

-- A rule of a project, and how it stands. Written by its administrators and by the cron.
create table alert (
  project text not null references project (id),
  id text not null,
  name text not null,
  -- What is measured, in the API's words.
  kind text not null,
  -- `hour` or `day`, of what is added up by time; else empty.
  period text not null,
  -- Whose scores, of averages of scores; else empty.
  evaluator text not null,
  threshold real not null,
  -- Of fewer traces or scores nothing is said.
  min_count integer not null,
  url text not null,
  format text not null check (format in ('json', 'slack')),
  cooldown_ms integer not null,
  enabled integer not null check (enabled in (0, 1)),
  created_ms integer not null,
  updated_ms integer not null,
  -- How it stands. Counts what was changed of that: only who has read the newest may change it.
  version integer not null,
  firing integer not null check (firing in (0, 1)),
  -- Since when it stands so.
  since_ms integer not null,
  -- What is to be sent, `firing` or `recovered`; null where nothing is. Which one it is, and
  -- what was measured then: it is the same as often as it is tried.
  due text,
  notice integer not null,
  value real not null,
  -- When it is tried next, and how often it was.
  retry_ms integer not null,
  tries integer not null,
  -- When a receiver last took that it fires.
  sent_ms integer,
  -- Why the last try came to nothing.
  error text,
  primary key (project, id)
) strict, without rowid;

-- What a project, or each or one of its users or sessions may cost. Written by its
-- administrators, read by the consumer.
create table budget (
  project text not null references project (id),
  id text not null,
  name text not null,
  subject_kind text not null check (subject_kind in ('project', 'key', 'user', 'session')),
  -- Whose it is; `*` for each, empty of the project.
  subject text not null,
  period text not null check (period in ('day', 'month', 'total')),
  -- Billionths of a dollar, and tokens; null where there is no limit of that.
  cost_nano integer,
  tokens integer,
  -- It counts traces that start from then on.
  created_ms integer not null,
  primary key (project, id)
) strict, without rowid;

-- What was spent of budgets, kept in the transactions that write traces.
create table spent (
  -- `tenant.number`.
  project integer not null,
  -- `budget.id`.
  budget text not null,
  subject text not null,
  -- The beginning of the day or month in UTC: hours since the epoch; 0 of totals.
  hour integer not null,
  cost_nano integer not null,
  tokens integer not null,
  primary key (project, budget, subject, hour)
) strict, without rowid;
