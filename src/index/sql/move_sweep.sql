update sweep set position = ?1 where id = 1
