-- Another name and other limits of a budget. Gives its id if there is one.
update budget set
  name = r.value->>'name', cost_nano = r.value->>'cost_nano', tokens = r.value->>'tokens'
from json_each('[' || ?2 || ']') as r
where budget.project = ?1 and budget.id = ?2->>0
returning budget.id as json
