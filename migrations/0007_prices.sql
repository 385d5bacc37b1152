-- Prices that projects set, before the table's. Small, written rarely, read with each delivery
-- of the project.
create table price (
  project text not null references project (id),
  -- A model's name in lower case, or what it begins with and `*`.
  pattern text not null,
  -- The day from which it holds, as in ISO 8601; empty for always.
  from_day text not null,
  -- Dollars per million tokens: {"input", "output", "cacheRead", …}.
  prices text not null,
  updated_ms integer not null,
  primary key (project, pattern, from_day)
) strict, without rowid;
