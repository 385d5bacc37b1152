-- The version of a trace's row.
select cast(t.version as text) as json from trace as t where t.project = $TENANT and t.id = ?2
