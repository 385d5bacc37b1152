-- The links of a project that show something at a time, the newest first.
select json_array(id, trace, key_id, created_ms, ends_ms) as json
from share where project = ?1 and ends_ms > ?2 order by created_ms desc, id
