select $TRACE as json from ($WALK limit $ROWS) as w
cross join trace as t on t.key = w.key
where t.session = ?3 and t.root_child < $MOVED
limit $TRACES
