-- What spans say of their trace, in formats that have no events for traces. Spans may
-- disagree, and come in any order; so each field is kept with the order of what it was
-- taken from, and something else replaces it only if that is less: rank of its source,
-- whether the span has a parent, its start, its id. `name`, `session`, `metadata` and
-- `tags`, and where the metadata lies, are what an event of the trace's own says, once
-- one has come; before that they are what its spans say. Columns that the release before
-- this one leaves at null.

-- Who the trace is for. Only spans say so.
alter table trace add column user text;
alter table trace add column user_by text;

alter table trace add column name_by text;
alter table trace add column session_by text;
alter table trace add column metadata_by text;
