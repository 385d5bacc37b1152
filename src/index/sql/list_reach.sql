select json_array(start_us, id) as json from $WALK where walked >= $MOST limit 1
