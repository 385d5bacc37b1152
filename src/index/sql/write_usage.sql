-- What an hour or a day comes to now.
insert into usage (project, hours, hour, version, models, names, users, tags, errors)
select $TENANT, r.value->>0->>0, r.value->>0->>1, 1,
  unhex(r.value->>1->>0), unhex(r.value->>1->>1), unhex(r.value->>1->>2), unhex(r.value->>1->>3),
  unhex(r.value->>1->>4)
from (select jsonb(?2) as value) as r
where true
on conflict (project, hours, hour) do update set
  version = version + 1, models = excluded.models, names = excluded.names,
  users = excluded.users, tags = excluded.tags, errors = excluded.errors
