-- Where the sweeper is in R2: a key, or nothing before its first pass.
select position as json from sweep where id = 1
