-- Makes a configuration where its name is free and there is room.
insert into routing_config (project, id, name, enabled, config, created_ms, updated_ms)
select ?1, ?2, ?3, ?4, ?5, ?6, ?6
where not exists (select 1 from routing_config where project = ?1 and name = ?3)
  and (select count(*) from routing_config where project = ?1) < $MOST
returning json_quote(id) as json
