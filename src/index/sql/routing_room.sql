-- How many configurations a project has, and whether one but this has a name.
select json_array(count(*), coalesce(max(name = ?2 and id <> ?3), 0)) as json
from routing_config where project = ?1
