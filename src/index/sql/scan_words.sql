-- Blocks of words along a project's traces, newest first, a number of them and of bytes: which of
-- them are to be read, because all the words are in one, or any in one whose traces have others
-- elsewhere.
with some as materialized (
  select b.key, sum(length(b.words)) over (order by b.key desc rows unbounded preceding)
    - length(b.words) as before
  from word_block as b
  where b.key >= ($TENANT << $KEY_BITS | ?2) and b.key <= min(($TENANT << $KEY_BITS | ?3), cast(?4 as integer))
    and b.first <= ?5
  order by b.key desc limit $BLOCKS)
select json_array(cast(b.key as text), length(b.words), $ALL or b.parted > 0 and ($ANY)) as json
from some cross join word_block as b on b.key = some.key
where some.before < $BYTES
