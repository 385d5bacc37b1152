-- Budgets that apply, each with what is spent of it in the period that runs.
select json_array(json_array($COLUMNS_OF_B),
  json_array(coalesce(s.cost_nano, 0), coalesce(s.tokens, 0))) as json
from (
  select b.*,
    case
      when r.value->>'all' then b.subject
      when b.subject_kind = 'project' then ''
      when b.subject_kind = 'user' then r.value->>'user'
      when b.subject_kind = 'session' then r.value->>'session'
    end as whose,
    case b.period when 'day' then r.value->>'day' when 'month' then r.value->>'month' else 0 end as hour
  from json_each('[' || ?2 || ']') as r
  cross join budget as b on b.project = ?1) as b
left join spent as s
  on s.project = $TENANT and s.budget = b.id and s.subject = b.whose and s.hour = b.hour
where b.subject = b.whose or b.subject = '*' and b.whose is not null
order by b.id
