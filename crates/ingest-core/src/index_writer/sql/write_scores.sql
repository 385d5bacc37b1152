-- Scores. What is newer than what is there takes its place, whichever comes first here.
with r as materialized (select jsonb(value) as value from json_each(?2))
insert into score (project, id, $COLUMNS)
select $TENANT, r.value->>'id', $VALUES
from r
where true
on conflict (project, id) do update set ($COLUMNS) = ($NEW)
where (excluded.deleted, excluded.rank, excluded.at_us, excluded.hash)
  > (score.deleted, score.rank, score.at_us, score.hash)
