-- Sets what is asked for, and leaves the rest: no text and -1 stand for nothing asked.
update project set
  handling = coalesce(nullif(?2, ''), handling),
  rate_limit = case when cast(?3 as integer) < 0 then rate_limit else cast(?3 as integer) end
where name = ?1
returning json_object(
  'id', id, 'name', name, 'handling', handling, 'rateLimit', rate_limit) as json
