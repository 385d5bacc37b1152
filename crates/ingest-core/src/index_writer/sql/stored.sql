-- The rows of some traces, and of those that come first, up to so many bytes, what is
-- packed in them. The window goes over lengths alone, so that it carries no pack along.
select json_array($FIELDS) as json
from (
  select key, sum(size) over (rows unbounded preceding) - size as before
  from (
    select t.key, length(t.pack) as size
    from json_each(?2) as r
    cross join trace as t on t.project = $TENANT and t.id = r.value)) as sizes
cross join trace as t on t.key = sizes.key
