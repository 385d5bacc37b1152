-- What all spans say of a trace's tags: the first so many of them, in order.
(select json_group_array(value) from (
  select value from json_each(coalesce(tags, '[]'))
  union
  select value from json_each(excluded.tags)
  order by value limit $MAX_SAID_TAGS))
