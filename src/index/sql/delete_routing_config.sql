-- Deletes a configuration.
delete from routing_config where project = ?1 and id = ?2
returning json_quote(id) as json
