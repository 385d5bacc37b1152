-- A routing configuration.
insert into routing_config (project, id, name, enabled, config, created_ms, updated_ms)
  values ('p1', 'rc_old', 'default', 1, '{"defaultModel":"small","rules":[]}', 1, 1);
