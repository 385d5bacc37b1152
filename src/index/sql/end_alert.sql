-- Notes how far a project is alerted, and that nobody sends its alert any more.
update quota set alerted = max(alerted, ?3), claimed_ms = null
where project = ?1 and month_ms = ?2 and claimed_ms = ?4
