select '1' as json from trace where project = ?1 limit 1
