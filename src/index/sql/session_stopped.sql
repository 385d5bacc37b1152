-- Where the walk of a session stopped, if it did not come to the end.
select cast(start_us as text) as json from ($WALK limit 1 offset $ROWS)
