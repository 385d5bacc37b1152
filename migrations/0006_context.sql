-- Where the bytes lie that an event cannot be understood without, besides its own: of
-- formats in which many events share what they say once. Offset and length of each
-- range in the raw batch, with commas; null where an event's own bytes say all. Columns
-- that the release before this one leaves at null.

alter table span add column context text;

-- The same for the trace's own event.
alter table trace add column event_context text;
