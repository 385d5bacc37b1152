-- When the sweep last ran, which it does for all projects.
select json_object(
  'sweptAt', strftime('%Y-%m-%dT%H:%M:%fZ', ran_ms / 1000.0, 'unixepoch')) as json
from sweep where id = 1
