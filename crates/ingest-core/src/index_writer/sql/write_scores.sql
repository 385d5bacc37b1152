-- Scores. What is newer than what is there takes its place, whichever comes first here:
-- what is deleted for good (not what a person, source 2, takes back); what this service or a
-- person says; and then the newest.
with r as materialized (select jsonb(value) as value from json_each(?2))
insert into score (project, id, $COLUMNS)
select $TENANT, r.value->>'id', $VALUES
from r
where true
on conflict (project, id) do update set ($COLUMNS) = ($NEW)
where (excluded.deleted and excluded.source < 2, excluded.source, excluded.rank, excluded.at_us, excluded.hash)
  > (score.deleted and score.source < 2, score.source, score.rank, score.at_us, score.hash)
