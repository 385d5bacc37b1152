-- What is packed in a trace's row, in hexadecimal digits.
select hex(t.pack) as json from trace as t
where t.project = $TENANT and t.id = ?2
