-- Some blocks of words.
select json_array(cast(b.key as text), hex(b.words)) as json
from json_each(?2) as r cross join word_block as b on b.key = cast(r.value as integer)
where b.key >> $KEY_BITS = $TENANT
