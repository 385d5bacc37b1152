-- Makes a link to a trace, where there is room for one.
insert into share (project, id, trace, key_id, created_ms, ends_ms)
select ?1, ?2, ?3, ?4, ?5, ?6
where (select count(*) from share where project = ?1) < $MOST
returning json_quote(id) as json
