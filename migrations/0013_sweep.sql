-- When the sweeper last came to its end, for `GET /api/v1/admin/health`: milliseconds since the
-- epoch; null until it has. Its one row is written each minute.
alter table sweep add column ran_ms integer;
