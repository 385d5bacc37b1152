-- The scores of some spans whose trace was not said.
select json, octet_length(json) as weigh from (
  select $SCORE as json
  from (
    select c.* from json_each(?2) as named
    cross join score as c indexed by score_of_span_alone
      on c.project = $TENANT and c.span = named.value and c.trace is null and c.span is not null)
  limit $MOST)
