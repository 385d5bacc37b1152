-- A page of a project's routing configurations after one, in the order in which they were made.
select json_array(id, name, enabled, config, created_ms, updated_ms) as json
from routing_config where project = ?1 and id > ?2 order by id limit $MOST
