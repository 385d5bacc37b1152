-- What a database of this schema has: a project, and the key ts_old.
insert into project (id, name, handling, created_ms, rate_limit) values ('p1', 'shop', 'lenient', 1, 100);
insert into api_key (hash, id, project, name, prefix, created_ms)
  values ('219701789112278e8bdffa14aaaefe3eb94d56de36d3497efb81aa313a0f7e2c', 'key_old', 'p1', 'old', 'ts_old', 1);
