-- Those that are due: so many that with those queued before, which are yet to be written,
-- they are as many as may wait; and in any case a few.
select json_array(object, queued) as json from overdue
where due_ms <= ?1 order by due_ms
limit max(cast(?2 as integer), cast(?3 as integer) - (select count(*) from overdue where queued > 0))
