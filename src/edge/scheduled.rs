//! The door that the platform opens every minute: the sweeper's, that of the hourly rollup, that
//! of quotas, and that of alerts.

use worker::{Env, ScheduleContext, ScheduledEvent, event};

use super::platform::quota_settings;
use super::{binding, log, now};
use crate::alerts::check::{AlertsChecked, check};
use crate::alerts::rule::{Allowed, HOSTS};
use crate::edge::adapters::analytics;
use crate::edge::adapters::d1::Index;
use crate::edge::adapters::operator::Operated;
use crate::edge::adapters::outbound::Fetch;
use crate::edge::adapters::r2::R2Bucket;
use crate::error::Fault;
use crate::evaluation::outside::Operator;
use crate::model::Millis;
use crate::pipeline::quota;
use crate::pipeline::quota::QuotasChecked;
use crate::pipeline::rollup;
use crate::pipeline::rollup::RolledUp;
use crate::pipeline::sweep;
use crate::pipeline::sweep::Swept;
use crate::telemetry::data_points;

/// Runs the sweeper as of the time that the run was planned for.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let started = now();
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds are far below 2^53")]
    let planned = event.schedule() as Millis;
    let result = run(&env, planned).await;
    if let Ok(swept) = &result {
        analytics::write(&env, data_points::swept(swept));
    }
    log::swept(&result, now() - started);
    log::rolled_up(&roll_up(&env, planned).await);
    log::quotas(check_quotas(&env, planned).await.transpose());
    log::alerts(&check_alerts(&env, planned).await);
}

/// Adds up what deliveries added to the hourly rollup.
async fn roll_up(env: &Env, planned: Millis) -> Result<RolledUp, Fault> {
    let index = Index(env.d1("DB").map_err(|e| Fault::Internal(e.to_string()))?);
    rollup::roll_up(planned, &index).await
}

/// Checks the alerts of projects that have some.
async fn check_alerts(env: &Env, planned: Millis) -> Result<AlertsChecked, Fault> {
    let index = Index(env.d1("DB").map_err(|e| Fault::Internal(e.to_string()))?);
    let operator = Operated(env);
    let hosts = operator.setting(HOSTS).unwrap_or_default();
    let allowed = Allowed { hosts, is_local: operator.is_local() };
    check(planned, &allowed, &index, &Fetch).await
}

/// Checks quotas, where the operator has set any.
async fn check_quotas(env: &Env, planned: Millis) -> Result<Option<QuotasChecked>, Fault> {
    let Some(settings) = quota_settings(env)? else { return Ok(None) };
    let index = Index(env.d1("DB").map_err(|e| Fault::Internal(e.to_string()))?);
    quota::check(&settings, planned, &index, &Fetch).await.map(Some)
}

async fn run(env: &Env, planned: Millis) -> Result<Swept, Fault> {
    let missing = |e: worker::Error| Fault::Internal(e.to_string());
    let index = Index(env.d1("DB").map_err(missing)?);
    let queue = env.queue("QUEUE").map_err(missing)?;
    let store: R2Bucket = binding(env, "RAW")?;
    sweep::sweep(planned, &store, &queue, &index).await
}
