-- The second, since 2020, in which a project's newest trace started that has started by ?2.
select coalesce(cast(((max(t.key) >> $COUNT_BITS) & $SECONDS) as text), 'null') as json
from trace as t
where t.key >= ($TENANT << $KEY_BITS) and t.key < ((($TENANT << ($KEY_BITS - $COUNT_BITS)) | ?2) + 1) << $COUNT_BITS
