select '1' as json from trace as t where $RANGE limit 1
