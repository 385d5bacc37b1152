-- Forgets overdue batches that have been written since, or have been given up, but for those
-- that are to be queued again even so.
delete from overdue
where queued >= 0 and (due_ms <= ?1 or queued > 0) and (
  exists (
    select 1 from batch as b
    where b.project = overdue.project and b.id = overdue.batch and b.received_ms <= overdue.received_ms)
  or exists (
    select 1 from dead_letter as d
    where d.project = overdue.project and d.batch = overdue.batch))
