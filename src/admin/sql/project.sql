select json_object(
  'id', id, 'name', name, 'handling', handling, 'rateLimit', rate_limit,
  'createdAt', strftime('%Y-%m-%dT%H:%M:%fZ', created_ms / 1000.0, 'unixepoch')) as json
from project where name = ?1
