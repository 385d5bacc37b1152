-- Where the walk of a session stopped, if it did not come to the end: the second.
select cast((key >> $COUNT_BITS) & $SECONDS as text) as json from ($WALK limit 1 offset $ROWS)
