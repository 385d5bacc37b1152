-- How the deployment is, of all projects, which only who serves all of them may ask for: of
-- what there may be much so many are counted, and no more is read.
select json_object(
  'sweptAt', (select strftime('%Y-%m-%dT%H:%M:%fZ', ran_ms / 1000.0, 'unixepoch') from sweep where id = 1),
  'unwritten', (select count(*) from (select 1 from overdue limit ?1)),
  'oldestUnwrittenAt', (
    select strftime('%Y-%m-%dT%H:%M:%fZ', min(received_ms) / 1000.0, 'unixepoch')
    from (select received_ms from overdue limit ?1)),
  'deadLetters', (select count(*) from (select 1 from dead_letter limit ?1)),
  'newestDeadLetterAt', (
    select strftime('%Y-%m-%dT%H:%M:%fZ', max(recorded_ms) / 1000.0, 'unixepoch')
    from (select recorded_ms from dead_letter limit ?1))
) as json
