-- What became of a try to send a notice: it is done with where it was taken, and still is
-- the one that is to be sent.
update alert set
  version = version + 1,
  due = case when notice = ?3->>0 and ?3->>1 is null then null else due end,
  sent_ms = coalesce(?3->>2, sent_ms),
  error = ?3->>1
where project = ?1 and id = ?2
