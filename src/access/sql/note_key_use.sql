-- Notes when a key was used, unless that was noted lately.
update api_key set last_used_ms = ?1
where id = ?2 and project = ?3 and coalesce(last_used_ms, 0) < ?4
