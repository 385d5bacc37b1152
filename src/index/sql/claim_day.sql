-- Counts a call of an evaluator on a day, unless there were as many as there may be. Gives how
-- many there are with it.
insert into evaluator_calls (project, evaluator, day, calls)
select ?1, ?2, ?3, 1 where ?4 > 0
on conflict (project, evaluator, day) do update set calls = calls + 1 where calls < ?4
returning cast(calls as text) as json
