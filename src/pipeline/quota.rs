//! Limits of traces a month, for each project: an alert at 80 and one at 100 %, and, where
//! the operator says so, batches that are refused beyond. Run by the cron where a limit is
//! set; nothing here is on the way of a batch.

use serde_json::json;

use super::webhook::send;
use crate::error::Fault;
use crate::index::quota::Standing;
use crate::index::{Database, quota};
use crate::model::Millis;
use crate::outbound::Outbound;
use crate::time::Month;

/// Percent of a limit at which an alert is sent.
const ALERTS: [u32; 2] = [80, 100];

/// What the operator has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaSettings {
    /// Traces a month, of each project.
    limit: u64,
    /// Whether batches beyond are refused.
    block: bool,
    /// Where alerts go. It may have a secret in it.
    alerts_to: Option<String>,
}

/// What a run came to; for the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct QuotasChecked {
    /// Projects whose batches are refused.
    pub blocked: usize,
    /// Alerts that were sent: the project and the percent.
    pub alerts: Vec<(String, u32)>,
    /// Alerts that were not taken, and are tried again: the project, and what went wrong.
    pub failed: Vec<(String, String)>,
}

impl QuotaSettings {
    /// Reads the variables `MONTHLY_TRACE_LIMIT`, `QUOTA_MODE` and `ALERT_WEBHOOK_URL`;
    /// nothing where no limit is set.
    ///
    /// # Errors
    /// A fault that says which is not what it should be, and nothing of what it is.
    pub fn read(
        limit: Option<&str>,
        mode: Option<&str>,
        alerts_to: Option<&str>,
    ) -> Result<Option<Self>, Fault> {
        let set = |text: Option<&str>| {
            text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let wrong = |what: &str| Fault::Internal(format!("a variable: expected {what}"));
        let Some(limit) = set(limit) else { return Ok(None) };
        let limit = limit.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        let limit =
            limit.ok_or_else(|| wrong("MONTHLY_TRACE_LIMIT to be a whole number above 0"))?;
        let block = match set(mode).as_deref() {
            None | Some("warn") => false,
            Some("block") => true,
            Some(_) => return Err(wrong("QUOTA_MODE to be warn or block")),
        };
        let alerts_to = set(alerts_to);
        let is_url = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if !alerts_to.as_ref().is_none_or(is_url) {
            return Err(wrong("ALERT_WEBHOOK_URL to begin with https://"));
        }
        Ok(Some(Self { limit, block, alerts_to }))
    }

    /// Whether batches of who is over the limit are refused.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.block
    }

    fn is_reached(&self, percent: u32, traces: u64) -> bool {
        traces.saturating_mul(100) >= self.limit.saturating_mul(percent.into())
    }
}

/// Largest limit: a hundred times as much must be a number, too.
const MAX_LIMIT: u64 = 1_000_000_000_000;

/// One run: sees where all projects stand, has those refused that are to be, and sends the
/// alerts that are due.
///
/// # Errors
/// A fault of the database; what was done until then holds.
pub async fn check(
    settings: &QuotaSettings,
    now: Millis,
    db: &impl Database,
    outbound: &impl Outbound,
) -> Result<QuotasChecked, Fault> {
    let month = Month::of(now);
    let (start, end) = (month.start(), month.after(1).start());
    let standings = quota::read(&db.run(quota::select(start, end, now).into()).await?.rows)?;
    let over = standings.iter().filter(|of| settings.block && settings.is_reached(100, of.traces));
    let over: Vec<_> = over.map(|of| &*of.project).collect();
    db.run(vec![quota::block(&over, end)]).await?;
    let mut checked = QuotasChecked { blocked: over.len(), ..QuotasChecked::default() };
    let Some(url) = &settings.alerts_to else { return Ok(checked) };
    for of in &standings {
        let due =
            |percent: &&u32| of.alerted < **percent && settings.is_reached(**percent, of.traces);
        for percent in ALERTS.iter().filter(due) {
            let claim = quota::claim(&of.project, start, *percent, now);
            if db.run(vec![claim]).await?.rows.iter().all(Vec::is_empty) {
                // Somebody else sends it; the next one has to come after it.
                break;
            }
            let sent = send(url, None, &alert(settings, of, *percent, month), outbound).await;
            let done = if sent.is_ok() { *percent } else { 0 };
            db.run(vec![quota::end(&of.project, start, done, now)]).await?;
            match sent {
                Ok(()) => checked.alerts.push((of.project.clone(), *percent)),
                Err(why) => {
                    checked.failed.push((of.project.clone(), why));
                    break;
                }
            }
        }
    }
    Ok(checked)
}

/// What an alert says: `text` for people, the rest for programs.
fn alert(settings: &QuotaSettings, of: &Standing, percent: u32, month: Month) -> String {
    let Standing { project, name, traces, .. } = of;
    let (month, next, limit) = (month.text(), month.after(1).text(), settings.limit);
    let then = match (percent, settings.block) {
        (100, true) => format!(" New batches are refused until {next}-01 (UTC)."),
        _ => String::new(),
    };
    let text = format!(
        "Edgespan: project {name} has reached {percent} % of its {limit} traces for {month}: {traces} so far.{then}"
    );
    json!({ "text": text, "project": name, "projectId": project, "month": month,
        "percent": percent, "traceCount": traces, "limit": limit })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_or_said_to_be_wrong() {
        let read = |limit, mode, url| QuotaSettings::read(Some(limit), mode, url);
        assert_eq!(QuotaSettings::read(None, Some("odd"), Some("odd")), Ok(None));
        assert_eq!(read(" ", None, None), Ok(None));
        let plain = QuotaSettings { limit: 10, block: false, alerts_to: None };
        assert_eq!(read("10", None, None), Ok(Some(plain.clone())));
        assert_eq!(read(" 10 ", Some("warn"), Some("")), Ok(Some(plain.clone())));
        let url = "https://hooks.example/secret";
        let all = QuotaSettings { block: true, alerts_to: Some(url.into()), ..plain };
        assert_eq!(read("10", Some("block"), Some(url)), Ok(Some(all)));
        for (limit, mode, to, named) in [
            ("0", None, None, "MONTHLY_TRACE_LIMIT"),
            ("ten", None, None, "MONTHLY_TRACE_LIMIT"),
            ("-1", None, None, "MONTHLY_TRACE_LIMIT"),
            ("10", Some("stop"), None, "QUOTA_MODE"),
            ("10", None, Some("secret"), "ALERT_WEBHOOK_URL"),
        ] {
            let fault = read(limit, mode, to).unwrap_err().to_string();
            assert!(fault.contains(named) && !fault.contains("secret"), "{fault}");
        }
    }
}
