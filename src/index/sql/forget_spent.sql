-- Forgets what is spent of a budget.
delete from spent where project = $TENANT and budget = ?2
