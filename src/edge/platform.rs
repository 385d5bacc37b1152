//! The platform behind the ports of `http`.

use worker::{Context, Env, Queue};

use super::adapters::analytics;
use super::adapters::d1::{Index, KeyTable};
use super::adapters::evaluations::Evaluations;
use super::adapters::operator::Operated;
use super::adapters::outbound::Fetch;
use super::adapters::queue;
use super::adapters::r2::R2Bucket;
use super::adapters::rate_limits;
use super::{binding, log, now};
use crate::access::api_keys::Keys;
use crate::access::rate_limits::Check;
use crate::error::{Fault, Reject};
use crate::evaluation::outside::Operator;
use crate::http::platform::{Backlog, Platform, Services, Witness};
use crate::model::Millis;
use crate::pipeline::consume::Outcome;
use crate::pipeline::quota::QuotaSettings;
use crate::telemetry::data_points;
use crate::telemetry::data_points::Point;

/// What the platform gives a request.
pub(super) struct Cloudflare {
    pub(super) env: Env,
    pub(super) context: Context,
}

impl Services for Cloudflare {
    type Db = Index;
    type Store = R2Bucket;
    type Queue = Queue;
    type Evaluations = Evaluations;
    type Outbound = Fetch;

    fn outbound(&self) -> Fetch {
        Fetch
    }

    fn evaluations(&self) -> Result<Evaluations, Fault> {
        let queue = self.env.queue("EVALUATIONS");
        queue.map(Evaluations).map_err(|e| Fault::Internal(e.to_string()))
    }

    fn db(&self) -> Result<Index, Fault> {
        self.env.d1("DB").map(Index).map_err(|e| Fault::Internal(e.to_string()))
    }

    fn store(&self) -> Result<R2Bucket, Fault> {
        binding(&self.env, "RAW")
    }

    fn queue(&self) -> Result<Queue, Fault> {
        self.env.queue("QUEUE").map_err(|e| Fault::Internal(e.to_string()))
    }
}

impl Operator for Cloudflare {
    fn setting(&self, name: &str) -> Option<String> {
        Operated(&self.env).setting(name)
    }

    fn is_local(&self) -> bool {
        Operated(&self.env).is_local()
    }

    async fn wait(&self, ms: u32) {
        Operated(&self.env).wait(ms).await;
    }
}

impl Platform for Cloudflare {
    type Witness = Log;

    fn now(&self) -> Millis {
        now()
    }

    fn operator_secret(&self) -> String {
        self.env.secret("ADMIN_TOKEN").map(|secret| secret.to_string()).unwrap_or_default()
    }

    fn is_bound(&self, name: &str) -> bool {
        js_sys::Reflect::get(&self.env, &name.into()).is_ok_and(|found| found.is_object())
    }

    async fn backlog(&self) -> Option<Backlog> {
        queue::backlog(binding(&self.env, "QUEUE").ok()?).await
    }

    fn refuses_over_quota(&self) -> bool {
        quota_settings(&self.env).is_ok_and(|set| set.is_some_and(|set| set.blocks()))
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes).map_err(|e| Fault::Internal(e.to_string()))?;
        Ok(bytes)
    }

    fn keys(&self) -> Result<impl Keys, Fault> {
        Ok(KeyTable { index: self.db()?, env: &self.env, context: &self.context })
    }

    async fn count(&self, check: Option<Check>) -> Result<(), Reject> {
        rate_limits::count(&self.env, check).await
    }

    fn run_later(&self, work: impl Future<Output = ()> + 'static) {
        self.context.wait_until(work);
    }

    fn witness(&self) -> Log {
        Log(self.env.clone())
    }
}

/// What the operator has set of quotas.
pub(super) fn quota_settings(env: &Env) -> Result<Option<QuotaSettings>, Fault> {
    // Secrets and variables alike.
    let set = |name| env.secret(name).ok().map(|value| value.to_string());
    let [limit, mode, alerts_to] =
        ["MONTHLY_TRACE_LIMIT", "QUOTA_MODE", "ALERT_WEBHOOK_URL"].map(set);
    QuotaSettings::read(limit.as_deref(), mode.as_deref(), alerts_to.as_deref())
}

/// Tells the log and the metrics.
pub(super) struct Log(Env);

impl Witness for Log {
    fn now(&self) -> Millis {
        now()
    }

    fn settled(&self, key: &str, outcome: &Outcome) {
        log::consumed(key, 0, outcome);
        self.record(data_points::settled(key, outcome, false));
    }

    fn record(&self, point: Option<Point>) {
        analytics::write(&self.0, point);
    }
}
