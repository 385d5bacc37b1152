-- Changes a configuration that still is as it was read, where its name is free.
update routing_config set name = ?3, enabled = ?4, config = ?5, updated_ms = ?6
where project = ?1 and id = ?2 and updated_ms = ?7
  and not exists (select 1 from routing_config as c where c.project = ?1 and c.name = ?3 and c.id <> ?2)
returning json_quote(id) as json
