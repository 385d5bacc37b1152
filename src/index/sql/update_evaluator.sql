-- An evaluator as it is now, where it still is as it was read, and no other has its name.
-- Gives its id if so.
update evaluator set ($COLUMNS) = ($VALUES)
from json_each('[' || ?2 || ']') as r
where evaluator.project = ?1 and evaluator.id = r.value->>'id' and evaluator.updated_ms = ?3
  and not exists (
    select 1 from evaluator as other
    where other.project = ?1 and other.name = r.value->>'name' and other.id <> r.value->>'id')
returning id as json
