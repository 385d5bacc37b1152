-- Rows of spans of traces of the project.
delete from span where (trace, id) in (
  select cast(r.value->>0 as integer), r.value->>1 from json_each(?2) as r
  where cast(r.value->>0 as integer) >> $KEY_BITS = $TENANT)
