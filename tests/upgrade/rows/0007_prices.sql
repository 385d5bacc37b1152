-- A price of the project.
insert into price (project, pattern, from_day, prices, updated_ms) values ('p1', 'm', '', '{"input":1,"output":2}', 1);
