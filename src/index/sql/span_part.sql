-- A part of a trace's spans. Unpacking an id takes 10 microseconds. It is done where ids
-- decide: among the spans of the one start at which the part ends, unless there is no end.
span cross join (
  select (select $START from span where trace = $KEY and $AFTER
    order by 1 limit 1 offset $MOST) as last) as bound
where trace = $KEY and $AFTER and (last is null or $START <= last)
order by $START, case when $START = last then $UNPACKED end
limit $MOST + 1
