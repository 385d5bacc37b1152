-- One score, by its id.
select $SCORE as json from score as c where c.project = $TENANT and c.id = ?2 and c.deleted = 0
