-- Some scores with all that is kept of them, also of those that are deleted.
select json_array($FIELDS) as json
from json_each(?2) as r
cross join score as c on c.project = $TENANT and c.id = r.value
