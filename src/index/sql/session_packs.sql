-- What is packed in the rows of these traces, in hexadecimal digits, where it is not much.
select json_array(t.id, hex(t.pack)) as json from trace as t
where t.project = $TENANT and t.id in (select value from json_each(?2))
  and octet_length(t.pack) <= $PACK_BYTES
