-- Takes it on to send a project's alert, unless that is done, or somebody else does it.
update quota set claimed_ms = ?4
where project = ?1 and month_ms = ?2 and alerted < ?3
  and (claimed_ms is null or claimed_ms not between ?4 - $LEASE_MS and ?4)
returning json_quote(project) as json
