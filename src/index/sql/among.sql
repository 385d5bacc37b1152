-- Some of the project's traces, by their ids.
json_each($IDS) as r cross join trace as t on t.project = $TENANT and t.id = r.value
