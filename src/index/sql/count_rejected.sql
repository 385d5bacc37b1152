-- Counts rejected requests of a project.
insert into stat (project, hour_ms, rejected_validation, rejected_too_large,
  rejected_media_type, rejected_rate_limit, rejected_quota)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
on conflict (project, hour_ms) do update set
  rejected_validation = rejected_validation + excluded.rejected_validation,
  rejected_too_large = rejected_too_large + excluded.rejected_too_large,
  rejected_media_type = rejected_media_type + excluded.rejected_media_type,
  rejected_rate_limit = rejected_rate_limit + excluded.rejected_rate_limit,
  rejected_quota = rejected_quota + excluded.rejected_quota
