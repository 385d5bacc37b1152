-- Forgets a budget. Gives its id if there was one.
delete from budget where project = ?1 and id = ?2 returning id as json
