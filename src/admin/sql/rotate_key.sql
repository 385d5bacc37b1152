-- A key that takes over from one that is not revoked, under its name or another, with its
-- scopes.
insert into api_key (hash, id, project, name, prefix, created_ms, rotated_from, scopes)
select ?1, ?2, k.project, coalesce(nullif(?3, ''), k.name), ?4, ?5, k.id, k.scopes
from api_key as k join project as p on p.id = k.project
where p.name = ?6 and k.id = ?7 and k.revoked_ms is null
returning json_quote(id) as json
