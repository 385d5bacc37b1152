-- New traces. A key is the project's number, the second of the start, and a count within
-- that second; where a second is full, that of the receipt. The first version is of the time,
-- so that a row that was forgotten and is written anew is not taken for the one before.
with r as materialized (select jsonb(value) as value from json_each(?2)),
-- Of each second that is named where it begins, and the first count that is free in it.
free as materialized (
  select second, first, coalesce((
      select max(t.key) + 1 from trace as t
      where t.key >= first and t.key < first + $COUNTS), first) - first as count
  from (
    select second, ($TENANT << $SECOND_BITS | second) << $COUNT_BITS as first
    from (select r.value->>'second' as second from r union select r.value->>'received_second' from r)))
insert into trace (key, project, id, version, $COLUMNS)
select
  case when own.count + (r.value->>'nth') < $COUNTS then own.first + own.count
    else other.first + other.count end + (r.value->>'nth'),
  $TENANT, r.value->>'id', ?3, $VALUES
from r
join free as own on own.second = r.value->>'second'
join free as other on other.second = r.value->>'received_second'
