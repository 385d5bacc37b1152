-- Traces that there are.
with r as materialized (select jsonb(value) as value from json_each(?2))
update trace set (version, $COLUMNS) = ((r.value->>'was') + 1, $VALUES)
from r
where trace.project = $TENANT and trace.id = r.value->>'id'
