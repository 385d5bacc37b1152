-- What days and hours come to, by one thing.
select json_array(u.hour, hex(u.$COLUMN)) as json
from json_each(?2) as r
cross join usage as u
  on u.project = $TENANT and u.hours = r.value->>0
    and u.hour >= r.value->>1 and u.hour < r.value->>2
