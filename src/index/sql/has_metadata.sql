-- Whether the metadata of a trace that is walked to has this at this key, as text. What is
-- too long for the row is not looked at.
exists (select 1 from json_each(nullif(walk.metadata, '')) as m
  where m.key = $KEY
    and case m.type when 'true' then 'true' when 'false' then 'false' else cast(m.value as text) end = $VALUE)
