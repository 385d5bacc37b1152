-- Whether the project has a score of a span whose trace was not said.
select '1' as json from score as c
where c.project = $TENANT and c.span > '' and c.trace is null limit 1
