-- Fails, and the transaction with it, where a trace is not as it was read: `was` is its
-- version, null where there was none.
insert into guard (changed_since)
select 1
from json_each(?2) as r
left join trace as t on t.project = $TENANT and t.id = r.value->>0
where t.version is not r.value->>1
