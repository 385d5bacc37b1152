-- Removes a price of a project's own; gives a row where there was one.
delete from price where project = ?1 and pattern = ?2 and from_day = ?3
returning pattern as json
