//! Counting batches by hour, in the transaction that writes them. What else is
//! counted, and what reads it, is not on the way of a batch.

use super::Statement;
use crate::model::Millis;

/// The beginning of the hour.
#[must_use]
pub fn hour(at: Millis) -> Millis {
    at - at.rem_euclid(3_600_000)
}

/// Counts batches, but those that the ledger has: comes before the ledger's own
/// statement in the transaction. The rows are [`super::statements`]'s.
#[must_use]
pub fn batches(project: &str, rows: &str, now: Millis) -> Statement {
    Statement {
        sql: "
insert into stat (project, hour_ms, batches, events, bytes, delay_ms_sum, delay_ms_max, retried)
select ?1, ?3, count(*), sum(value->>3), sum(value->>4), sum(value->>5), max(value->>5),
  sum(value->>6)
from json_each(?2) as r
where not exists (select 1 from batch where project = ?1 and id = r.value->>0)
group by ?1
on conflict (project, hour_ms) do update set
  batches = batches + excluded.batches,
  events = events + excluded.events,
  bytes = bytes + excluded.bytes,
  delay_ms_sum = delay_ms_sum + excluded.delay_ms_sum,
  delay_ms_max = max(delay_ms_max, excluded.delay_ms_max),
  retried = retried + excluded.retried"
            .into(),
        params: vec![project.into(), rows.into(), hour(now).into()],
    }
}
