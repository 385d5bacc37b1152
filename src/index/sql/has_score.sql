-- Whether a trace that is walked to has a score like that.
exists (select 1 from score as c indexed by score_by_subject
  where c.project = $TENANT and c.subject = walk.id and $TESTS)
