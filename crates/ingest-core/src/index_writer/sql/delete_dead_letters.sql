-- A batch that is written is no dead letter any more.
delete from dead_letter where project = ?1 and batch in (select value from json_each(?2))
