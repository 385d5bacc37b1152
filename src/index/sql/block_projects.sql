-- Has the batches of these projects refused until a time, and those of no other.
update project set
  blocked_until_ms = case when id in (select value from json_each(?1)) then ?2 end
where blocked_until_ms is not case when id in (select value from json_each(?1)) then ?2 end
