-- What a key may do: `ingest` (send), `read` (ask, and sign in to the dashboard), `admin`
-- (all of it), joined by commas. Keys from before keep what they could do.
alter table api_key add column scopes text not null default 'ingest,read';
