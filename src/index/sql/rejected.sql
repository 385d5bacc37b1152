-- What was refused of a project since a time, by reason: in the order of `Reason`.
select json_array(coalesce(sum(rejected_validation), 0), coalesce(sum(rejected_too_large), 0),
  coalesce(sum(rejected_media_type), 0), coalesce(sum(rejected_rate_limit), 0),
  coalesce(sum(rejected_quota), 0)) as json
from stat where project = ?1 and hour_ms >= ?2
