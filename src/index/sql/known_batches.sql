-- Of some batches when the first object was received that the ledger knows, and whether
-- they are dead letters.
select json_array(r.value, b.received_ms, d.batch is not null) as json
from json_each(?2) as r
left join batch as b on b.project = ?1 and b.id = r.value
left join dead_letter as d on d.project = ?1 and d.batch = r.value
