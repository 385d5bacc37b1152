-- Forgets an evaluator; its scores stay. Gives its id if there was one.
delete from evaluator where project = ?1 and id = ?2 returning id as json
