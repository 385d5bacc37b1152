-- What some hours and days come to, as it is to be added to.
select json_array(json_array(u.hours, u.hour), u.version,
  json_array(hex(u.models), hex(u.names), hex(u.users), hex(u.tags), hex(u.errors))) as json
from json_each(?2) as r
cross join usage as u
  on u.project = $TENANT and u.hours = r.value->>0 and u.hour = r.value->>1
