select $TRACE as json from ($WALK limit $ROWS) as w
cross join trace as t on t.project = ?1 and t.id = w.id
left join batch as b on b.seq = t.event_batch and b.project = t.project
where t.session = ?3
limit $TRACES
