update api_key set revoked_ms = ?1
where id = ?2 and revoked_ms is null
  and project = (select id from project where name = ?3)
returning json_quote(id) as json
