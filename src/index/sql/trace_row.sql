select $TRACE as json from trace as t
where t.project = $TENANT and t.id = ?2
