insert into api_key (hash, id, project, name, prefix, created_ms, scopes)
select ?1, ?2, id, ?3, ?4, ?5, ?7 from project where name = ?6
returning json_quote(id) as json
