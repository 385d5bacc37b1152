-- Forgets a batch that need not be queued again after all.
delete from overdue where project = ?1 and batch = ?2 and queued < 0
