-- The project's evaluators, the oldest first.
select json_array($FIELDS) as json from evaluator where project = ?1 order by created_ms, id
