-- A link to the trace.
insert into share (project, id, trace, key_id, created_ms, ends_ms) values ('p1', 'link_old', 'old', 'key_old', 1, 9000000000000);
