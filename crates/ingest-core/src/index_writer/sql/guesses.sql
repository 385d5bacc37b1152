-- Of some spans that may be named without their traces those that are traces by that, of
-- which nothing is known but changes of spans. Where such a trace is known to be a part of
-- another, that is only news for who did not say which.
select r.value as json
from json_each(?2) as r
cross join trace as t on t.project = $TENANT and t.id = r.value->>1
where t.root_child = 2 or t.root_child = $MOVED and r.value->>0 is null
