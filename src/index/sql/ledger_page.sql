-- A project's batches by their ids.
select json_array(id, received_ms) as json from batch
where project = ?1 and id > ?2 order by id limit $MOST
