-- A rule as it is now, where it still is as it was read. One that is switched off fires no
-- more, and has nothing to send. Gives its id if so.
update alert set ($RULE) = ($RULE_VALUES),
  version = version + 1,
  firing = case when r.value->>'enabled' then firing else 0 end,
  since_ms = case when firing = 1 and not r.value->>'enabled' then r.value->>'updated_ms' else since_ms end,
  due = case when r.value->>'enabled' then due end
from json_each('[' || ?2 || ']') as r
where alert.project = ?1 and alert.id = ?2->>0 and alert.updated_ms = ?3
returning id as json
