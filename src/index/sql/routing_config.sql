-- A project's routing configuration of a name, of which none is empty; without one that
-- named `default`, else the oldest.
select json_array(name, config) as json
from routing_config
where project = ?1 and enabled = 1 and name = case when ?2 = '' then name else ?2 end
order by name = 'default' desc, created_ms, id limit 1
