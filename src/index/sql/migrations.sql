-- Up to where the schema has come: the platform's own table, which only it writes.
select json_object('count', count(*), 'newest', max(name)) as json from d1_migrations
