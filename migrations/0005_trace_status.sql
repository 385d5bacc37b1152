-- What a trace's status is derived from, besides its errors: whether something in
-- it is still going on, and when it was last heard of. Both are columns that the
-- release before this one leaves at their defaults.

-- Its spans that have a start and no end, as they are now.
alter table trace add column open integer not null default 0;

-- The latest time that any of its events says, or was received at where it says
-- none. Microseconds since the epoch. It only ever grows.
alter table trace add column active_us integer not null default 0;

-- Whether the newest of its own events says an end.
alter table trace add column ended integer not null default 0;

-- Of the events that came before, the index has the latest end or start. That one of
-- a trace's own said an end can be told where nothing else can have.
update trace set
  active_us = max(start_us, coalesce(end_us, start_us)),
  ended = spans = 0 and end_us is not null;

update trace set open = found.open
from (
  select trace, count(*) as open from span
  where start_us is not null and took_us is null
  group by trace
) as found
where found.trace = trace.key;
