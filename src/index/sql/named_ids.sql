select s.id as json from json_each(?3) as named
cross join span as s on s.trace = $KEY and s.id = named.value
