-- The key with this hash or id, its project's settings, and nothing of a revoked one.
-- A hash is unique, and so is an id: whose key it is is what is asked.
select json_array(k.id, k.hash, k.project, p.name, p.handling, p.rate_limit, k.scopes,
  p.blocked_until_ms) as json
from api_key as k join project as p on p.id = k.project
where k.$COLUMN = ?1 and k.revoked_ms is null
