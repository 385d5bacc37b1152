-- A project's dead letters, the newest first, as the read API has them.
select json_object(
  'batchId', batch, 'object', object, 'reason', reason, 'attempts', attempts,
  'recordedAt', strftime('%Y-%m-%dT%H:%M:%fZ', recorded_ms / 1000.0, 'unixepoch')
) as json
from dead_letter where project = ?1
order by recorded_ms desc, batch limit 100
