-- Forgets a rule. Gives its id if there was one.
delete from alert where project = ?1 and id = ?2 returning id as json
