//! Statements of the counts by hour, but those of batches, which are written
//! with them ([`ingest_core::index_writer::stats`]).

use ingest_core::index_writer::stats::hour;

use super::Statement;
use crate::batch::BatchRef;
use crate::model::Millis;

/// Counts a batch that became a dead letter, unless it was one already: comes
/// before the statement that records it.
#[must_use]
pub fn dead_letter(batch: &BatchRef, now: Millis) -> Statement {
    Statement {
        sql: "
insert into stat (project, hour_ms, dead_lettered)
select ?1, ?3, 1
where not exists (select 1 from dead_letter where project = ?1 and batch = ?2)
  and not exists (select 1 from batch where project = ?1 and id = ?2)
on conflict (project, hour_ms) do update set dead_lettered = dead_lettered + 1"
            .into(),
        params: vec![(&*batch.project).into(), (&*batch.id).into(), hour(now).into()],
    }
}

/// Counts batches that the sweeper queued: rows as [`super::recovery::rows`]
/// makes them.
#[must_use]
pub fn swept(rows: String, now: Millis) -> Statement {
    Statement {
        sql: "
insert into stat (project, hour_ms, swept)
select value->>0, ?2, count(*) from json_each(?1) where true group by value->>0
on conflict (project, hour_ms) do update set swept = swept + excluded.swept"
            .into(),
        params: vec![rows.into(), hour(now).into()],
    }
}

/// Counts rejected requests of a project: in the order of
/// [`crate::telemetry::rejection_counts::Reason`].
#[must_use]
pub fn rejected(project: &str, counts: [i64; 4], now: Millis) -> Statement {
    let [validation, too_large, media_type, rate_limit] = counts;
    Statement {
        sql: "
insert into stat (project, hour_ms, rejected_validation, rejected_too_large,
  rejected_media_type, rejected_rate_limit)
values (?1, ?2, ?3, ?4, ?5, ?6)
on conflict (project, hour_ms) do update set
  rejected_validation = rejected_validation + excluded.rejected_validation,
  rejected_too_large = rejected_too_large + excluded.rejected_too_large,
  rejected_media_type = rejected_media_type + excluded.rejected_media_type,
  rejected_rate_limit = rejected_rate_limit + excluded.rejected_rate_limit"
            .into(),
        params: vec![
            project.into(),
            hour(now).into(),
            validation.into(),
            too_large.into(),
            media_type.into(),
            rate_limit.into(),
        ],
    }
}

/// A project's newest hours, at most a week: each as one JSON object of the
/// read API.
#[must_use]
pub fn hours(project: &str) -> Statement {
    Statement {
        sql: "
select json_object(
  'hour', strftime('%Y-%m-%dT%H:%M:%fZ', hour_ms / 1000.0, 'unixepoch'),
  'accepted', json_object('batches', batches, 'events', events, 'bytes', bytes),
  'rejected', json_object(
    'VALIDATION_ERROR', rejected_validation, 'PAYLOAD_TOO_LARGE', rejected_too_large,
    'UNSUPPORTED_MEDIA_TYPE', rejected_media_type, 'RATE_LIMIT_EXCEEDED', rejected_rate_limit),
  'retried', retried, 'deadLettered', dead_lettered, 'swept', swept,
  'delayMs', json_object(
    'mean', case when batches > 0 then round(1.0 * delay_ms_sum / batches, 1) end,
    'max', delay_ms_max)
) as json
from stat where project = ?1 order by hour_ms desc limit 168"
            .into(),
        params: vec![project.into()],
    }
}
