-- A project's budgets, as the consumer counts for them.
select json_array(id, subject_kind, subject, period, created_ms) as json
from budget where project = ?1
