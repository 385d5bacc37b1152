-- An alert that is off, and a budget of the project with what is spent of it.
insert into alert (project, id, name, kind, period, evaluator, threshold, min_count, url, format, cooldown_ms, enabled, created_ms, updated_ms, version, firing, since_ms, due, notice, value, retry_ms, tries) values ('p1', 'alert_old', 'dear', 'cost', 'hour', '', 1.0, 1, 'https://example.com/hook', 'json', 3600000, 0, 1795328370123, 1795328370123, 1, 0, 0, null, 0, 0.0, 0, 0);
insert into budget (project, id, name, subject_kind, subject, period, cost_nano, created_ms) values ('p1', 'budget_old', 'all', 'project', '', 'total', 1000000000, 1795328370123);
insert into spent (project, budget, subject, hour, cost_nano, tokens) values (1, 'budget_old', '', 0, 500000000, 7);
