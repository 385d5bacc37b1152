-- Small blocks of words of some hours, the first second of each: a number of them, and of bytes.
select json_array(cast(key as text), hex(words)) as json
from (
  select key, words, sum(length(words)) over (rows unbounded preceding) - length(words) as before
  from (
    select b.key, b.words
    from json_each(?2) as r
    cross join word_block as b on b.key >= ($TENANT << $SECOND_BITS | r.value) << $COUNT_BITS
      and b.key < ($TENANT << $SECOND_BITS | (r.value + $HOUR_S)) << $COUNT_BITS
    where b.traces < $SMALL
    limit $MOST))
where before < $BYTES
