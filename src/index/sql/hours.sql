-- A project's newest hours, at most a week, as the read API has them.
select json_object(
  'hour', strftime('%Y-%m-%dT%H:%M:%fZ', hour_ms / 1000.0, 'unixepoch'),
  'accepted', json_object('batches', batches, 'events', events, 'bytes', bytes),
  'rejected', json_object(
    'VALIDATION_ERROR', rejected_validation, 'PAYLOAD_TOO_LARGE', rejected_too_large,
    'UNSUPPORTED_MEDIA_TYPE', rejected_media_type, 'RATE_LIMIT_EXCEEDED', rejected_rate_limit,
    'QUOTA_EXCEEDED', rejected_quota),
  'retried', retried, 'deadLettered', dead_lettered, 'swept', swept,
  'delayMs', json_object(
    'mean', case when batches > 0 then round(1.0 * delay_ms_sum / batches, 1) end,
    'max', delay_ms_max)
) as json
from stat where project = ?1 order by hour_ms desc limit 168
