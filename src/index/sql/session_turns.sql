-- The rows of these traces.
select $TRACE as json from trace as t
where t.project = $TENANT and t.id in (select value from json_each(?2))
