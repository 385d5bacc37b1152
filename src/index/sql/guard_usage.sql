-- Fails where what an hour or a day comes to is not as it was read.
insert into guard (changed_since)
select 1 from json_each(?2) as r
left join usage as u
  on u.project = $TENANT and u.hours = r.value->>0 and u.hour = r.value->>1
where u.version is not r.value->>2
