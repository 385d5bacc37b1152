-- A project's keys in the order in which they were made, without their hashes.
select json_object(
  'id', k.id, 'name', k.name, 'prefix', k.prefix, 'scopes', k.scopes,
  'createdAt', strftime('%Y-%m-%dT%H:%M:%fZ', k.created_ms / 1000.0, 'unixepoch'),
  'lastUsedAt', strftime('%Y-%m-%dT%H:%M:%fZ', k.last_used_ms / 1000.0, 'unixepoch'),
  'revokedAt', strftime('%Y-%m-%dT%H:%M:%fZ', k.revoked_ms / 1000.0, 'unixepoch'),
  'rotatedFrom', k.rotated_from) as json
from api_key as k join project as p on p.id = k.project
where p.name = ?1 order by k.created_ms, k.id
