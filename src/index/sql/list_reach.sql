select json_array(cast(t.key as text), t.start_us) as json from trace as t where $RANGE
order by t.key desc limit 1 offset $OFFSET
