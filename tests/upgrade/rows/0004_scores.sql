-- A score of the trace.
insert into score (project, id, deleted, rank, at_us, hash, trace, subject, name, value, boolean, label)
  values (1, 'judged', 0, 1, 1795328370123000, 1, 'old', 'old', 'helpful', '0.5', 0, 'so-so');
