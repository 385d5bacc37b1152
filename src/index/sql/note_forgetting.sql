-- A trace that is forgotten in part is not what it was: who has read it must read it again.
update trace set version = version + 1 where +project = $TENANT and key in (
  select cast(r.value->>0 as integer) from json_each(?2) as r)
