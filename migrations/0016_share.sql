-- Links that show one trace to whoever has them. Written by hand of people, read once for a
-- request of such a visitor.

create table share (
  project text not null references project (id),
  -- Random, and no secret: a link has a signature besides.
  id text not null,
  trace text not null,
  -- The id of the key that made it and with whose hash it is signed.
  key_id text not null,
  created_ms integer not null,
  -- From then on it shows nothing.
  ends_ms integer not null,
  primary key (project, id)
) strict, without rowid;
