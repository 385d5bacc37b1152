count(*) filter (where hit) as traces, count(*) filter (where hit and failed) as failures,
total(tokens) filter (where hit) as tokens, total(cost_nano) filter (where hit) as cost,
coalesce(group_concat(end_us - start_us) filter (where hit and not going), '') as took
