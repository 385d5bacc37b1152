-- Whether the project has an evaluator that runs unasked: a row if so.
select '1' as json from evaluator where project = ?1 and enabled = 1 and auto_run = 1 limit 1
