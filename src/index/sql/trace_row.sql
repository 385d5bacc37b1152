select $TRACE as json from trace as t
left join batch as b on b.seq = t.event_batch and b.project = t.project
where t.project = ?1 and t.id = ?2
