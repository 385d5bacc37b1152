-- Of rows with a `json` and how many bytes they `weigh`, those that a page holds; of the
-- others only that they are there.
select case when before < $PAGE_BYTES then json else '' end as json from (
  select json, sum(weigh) over (rows unbounded preceding) - weigh as before from ($ROWS))
