-- Who may send and read. Small tables, written by the operator only.

-- A tenant. `id` is random rather than counted, so that a database set up
-- anew can never hand an old tenant's raw batches to a new one.
create table project (
  id text primary key not null,
  name text not null unique,
  -- What happens to a batch with a bad event when the request does not say
  -- (`Prefer: handling=…`): refuse it whole, or accept its good events.
  handling text not null default 'strict' check (handling in ('strict', 'lenient')),
  created_ms integer not null,
  -- Requests in 10 s that each of its keys may make: one of the rate limits
  -- that wrangler.toml binds, or 0 for none.
  rate_limit integer not null default 1000 check (rate_limit in (0, 100, 1000, 10000))
) strict;

-- An API key. The key itself is shown once and never stored: the row is found
-- by the SHA-256 of the key, in 64 lower-case hexadecimal digits. 256 random
-- bits need no salt and no slow hash.
create table api_key (
  hash text primary key not null,
  id text not null unique,
  project text not null references project (id),
  name text not null,
  -- The first characters of the key, to tell keys apart in a listing.
  prefix text not null,
  created_ms integer not null,
  -- To the nearest ten minutes: exact times would cost a write a request.
  last_used_ms integer,
  revoked_ms integer,
  -- The `id` of the key that this one took over from.
  rotated_from text
) strict, without rowid;
