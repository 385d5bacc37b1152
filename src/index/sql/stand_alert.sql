-- How a rule stands now, where it still stands as it was read. Gives its id if so.
update alert set ($STANDS) = ($STANDS_VALUES)
from json_each('[' || ?2 || ']') as r
where alert.project = ?1 and alert.id = ?2->>0 and alert.version = r.value->>'version'
returning id as json
