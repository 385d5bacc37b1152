//! Statements of what keeps batches from being lost: the sweeper's, the dead
//! letters'. The sweeper serves all projects at once; its statements join
//! tenants' rows by project, and only it may run those.

use super::{Param, Statement, stats};
use crate::batch::BatchRef;
use crate::model::Millis;

fn statement(sql: &'static str, params: Vec<Param>) -> Statement {
    Statement { sql: sql.into(), params }
}

/// Where the sweeper is in R2: a key, or nothing before its first pass.
#[must_use]
pub fn position() -> Statement {
    statement("select position as json from sweep where id = 1", Vec::new())
}

/// Batches as the statements here take them: `[[project, batch, object], …]`.
#[must_use]
pub fn rows(batches: &[BatchRef]) -> String {
    let rows: Vec<_> = batches.iter().map(|b| (&b.project, &b.id, b.key())).collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

/// Notes those of the batches that neither the ledger nor the dead letters
/// know as overdue, and moves the sweeper's position to `to`.
#[must_use]
pub fn note_overdue(batches: &[BatchRef], to: &str, now: Millis) -> Vec<Statement> {
    vec![
        statement(
            "insert into overdue (project, batch, object, queued, due_ms)
            select r.value->>0, r.value->>1, r.value->>2, 0, ?2
            from json_each(?1) as r
            where not exists (
                select 1 from batch as b
                where b.project = r.value->>0 and b.id = r.value->>1)
              and not exists (
                select 1 from dead_letter as d
                where d.project = r.value->>0 and d.batch = r.value->>1)
            on conflict (project, batch) do nothing",
            vec![rows(batches).into(), now.into()],
        ),
        statement("update sweep set position = ?1 where id = 1", vec![to.into()]),
    ]
}

/// Forgets overdue batches that have been written since, or have been given
/// up; then the rest of those that are due, each as `[object, queued]`: so many
/// that with those queued before, which are yet to be written, they are
/// `waiting`, and in any case `least`.
#[must_use]
pub fn due(now: Millis, waiting: usize, least: usize) -> Vec<Statement> {
    vec![
        statement(
            "delete from overdue
            where (due_ms <= ?1 or queued > 0) and (
                exists (
                    select 1 from batch as b
                    where b.project = overdue.project and b.id = overdue.batch)
                or exists (
                    select 1 from dead_letter as d
                    where d.project = overdue.project and d.batch = overdue.batch))",
            vec![now.into()],
        ),
        Statement {
            sql: format!(
                "select json_array(object, queued) as json from overdue
                where due_ms <= ?1 order by due_ms
                limit max({least}, {waiting} - (
                    select count(*) from overdue where queued > 0))"
            )
            .into(),
            params: vec![now.into()],
        },
    ]
}

/// Notes that these overdue batches were queued, and when they are due again:
/// in five minutes, then ten, twenty, … up to a day.
#[must_use]
pub fn note_queued(batches: &[BatchRef], now: Millis) -> Vec<Statement> {
    let note = statement(
        "update overdue
        set queued = queued + 1,
          due_ms = ?2 + min(300000 << min(queued, 9), 86400000)
        where (project, batch) in (select value->>0, value->>1 from json_each(?1))",
        vec![rows(batches).into(), now.into()],
    );
    vec![note, stats::swept(rows(batches), now)]
}

/// Records that a batch could not be written, and why.
#[must_use]
pub fn bury(batch: &BatchRef, reason: &str, attempts: u32, now: Millis) -> Vec<Statement> {
    let record = statement(
        "insert into dead_letter (project, batch, object, reason, attempts, recorded_ms)
        select ?1, ?2, ?3, ?4, ?5, ?6
        where not exists (select 1 from batch where project = ?1 and id = ?2)
        on conflict (project, batch) do update set
          reason = excluded.reason,
          attempts = attempts + excluded.attempts,
          recorded_ms = excluded.recorded_ms",
        vec![
            (&*batch.project).into(),
            (&*batch.id).into(),
            batch.key().into(),
            reason.into(),
            i64::from(attempts).into(),
            now.into(),
        ],
    );
    vec![stats::dead_letter(batch, now), record]
}

/// A project's dead letters, the newest first, at most 100: each as one JSON
/// object of the read API.
#[must_use]
pub fn dead_letters(project: &str) -> Statement {
    statement(
        "select json_object(
          'batchId', batch, 'object', object, 'reason', reason, 'attempts', attempts,
          'recordedAt', strftime('%Y-%m-%dT%H:%M:%fZ', recorded_ms / 1000.0, 'unixepoch')
        ) as json
        from dead_letter where project = ?1
        order by recorded_ms desc, batch limit 100",
        vec![project.into()],
    )
}
