-- The project's traces in one direction from a time. Times are bound as text.
select start_us, id from trace
where project = ?1 and start_us $SIDE cast(?2 as integer)
order by start_us $ORDER, id $ORDER
