update sweep set ran_ms = ?1 where id = 1
