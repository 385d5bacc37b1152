-- A link, if it shows something at a time.
select json_array(id, trace, key_id, created_ms, ends_ms) as json
from share where project = ?1 and id = ?2 and ends_ms > ?3
