-- The project's traces in one direction from a second.
select t.key from trace as t where $RANGE order by t.key $ORDER
