select id as json from project where name = ?1
