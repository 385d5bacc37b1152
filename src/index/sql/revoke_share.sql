-- Takes a link away.
delete from share where project = ?1 and id = ?2
