-- The beginning of what a trace's root says went wrong; null in rows from before, until something
-- of them is written again. The previews of its input and output are words from now on; those
-- of rows from before are the beginnings of their JSON.
alter table trace add column error_preview text;
