-- Takes away the links of a project that show nothing any more.
delete from share where project = ?1 and ends_ms <= ?2
