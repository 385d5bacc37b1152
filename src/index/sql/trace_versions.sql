-- The versions of traces' rows.
select json_array(t.id, t.version) as json
from json_each(?2) as wanted
cross join trace as t on t.project = $TENANT and t.id = wanted.value
