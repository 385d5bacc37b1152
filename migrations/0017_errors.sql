-- Failures of traces by the hour and by the day: by name and message, as the other columns are
-- by theirs.
alter table usage add column errors blob not null default x'';
