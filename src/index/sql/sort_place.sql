coalesce((select $VALUE from trace as t where $RANGE and t.key = $KEY), 0)
