-- One of them.
select json_array(id, name, enabled, config, created_ms, updated_ms) as json
from routing_config where project = ?1 and id = ?2
