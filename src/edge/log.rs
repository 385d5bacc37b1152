//! One line of JSON for each request and for each message: ids, outcomes and
//! counts. Never a key, a payload, or anything that a client wrote but ids.

use serde::Serialize;
use serde_json::json;
use worker::{console_error, console_log, console_warn};

use crate::alerts::check::AlertsChecked;
use crate::error::{Error, Fault, Severity};
use crate::evaluation::run::Evaluated;
use crate::model::Millis;
use crate::pipeline::consume::Outcome;
use crate::pipeline::quota::QuotasChecked;
use crate::pipeline::rollup::RolledUp;
use crate::pipeline::sweep::Swept;

/// What there is to say of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "event", rename = "request")]
pub struct RequestLine<'a> {
    /// Also in the response.
    #[serde(rename = "requestId")]
    pub id: &'a str,
    pub method: &'a str,
    /// The route's name, not the path, which has ids in it.
    pub route: &'static str,
    pub project: Option<&'a str>,
    pub status: u16,
    /// Of a failure, as the answer has it.
    pub code: Option<&'static str>,
    /// Of the body, where one was read.
    pub bytes: Option<usize>,
    /// How many events were accepted.
    pub events: Option<usize>,
    pub ms: Millis,
    /// What went wrong here.
    pub fault: Option<String>,
}

/// Says how a request ended: what is the caller's fault is no error of ours.
pub fn request(request: &RequestLine, error: Option<&Error>) {
    let line = serde_json::to_string(request).unwrap_or_default();
    match error.map(|error| error.kind().severity) {
        Some(Severity::Error) => console_error!("{line}"),
        Some(Severity::Warning) => console_warn!("{line}"),
        Some(Severity::Info) | None => console_log!("{line}"),
    }
}

/// Says what a message of evaluations came to.
pub fn evaluated(project: &str, done: &Evaluated) {
    let Evaluated { traces, scores, failed, later } = done;
    console_log!(
        "{}",
        json!({
            "event": "evaluated",
            "project": project,
            "traces": traces,
            "scores": scores,
            "failed": failed,
            "later": later,
        })
    );
}

/// Says why one is put off.
pub fn not_evaluated(why: &str) {
    console_warn!("{}", json!({ "event": "evaluated", "outcome": "retry", "why": why }));
}

/// Says what a message came to. Its key says which project's and which batch.
pub fn consumed(key: &str, attempt: u32, outcome: &Outcome) {
    match outcome {
        Outcome::Ack(written) => console_log!(
            "{}",
            json!({
                "event": "consumed",
                "outcome": "ack",
                "attempt": attempt,
                "project": written.project,
                "batch": written.batch,
                "bytes": written.bytes,
                "events": written.events,
                "fresh": written.fresh,
                "together": written.together,
                "rows_written": written.rows_written,
                "delayMs": written.delay_ms,
            })
        ),
        Outcome::Bury { why } => console_error!(
            "{}",
            json!({ "event": "consumed", "outcome": "bury", "key": key, "attempt": attempt, "why": why })
        ),
        Outcome::Retry { delay_s, why } => console_warn!(
            "{}",
            json!({
                "event": "consumed",
                "outcome": "retry",
                "key": key,
                "attempt": attempt,
                "delaySeconds": delay_s,
                "why": why,
            })
        ),
    }
}

/// Says what a run of the sweeper did.
pub fn swept(result: &Result<Swept, Fault>, ms: Millis) {
    match result {
        Ok(swept) => console_log!(
            "{}",
            json!({
                "event": "swept",
                "listed": swept.listed,
                "queued": swept.queued,
                "complete": swept.complete,
                "ms": ms,
            })
        ),
        Err(fault) => {
            console_warn!("{}", json!({ "event": "swept", "fault": fault.to_string(), "ms": ms }));
        }
    }
}

/// Says what was added up by hour, where there was anything.
pub fn rolled_up(result: &Result<RolledUp, Fault>) {
    match result {
        Ok(RolledUp { deliveries: 0, damaged, .. }) if damaged.is_empty() => {}
        Ok(RolledUp { deliveries, rows, blocks, damaged }) => {
            let line = json!({ "event": "rolled-up", "deliveries": deliveries, "rows": rows, "blocks": blocks, "damaged": damaged });
            if damaged.is_empty() { console_log!("{line}") } else { console_warn!("{line}") }
        }
        Err(fault) => {
            console_warn!("{}", json!({ "event": "rolled-up", "fault": fault.to_string() }));
        }
    }
}

/// Says what was done about quotas, where there was anything to do.
pub fn quotas(result: Option<Result<QuotasChecked, Fault>>) {
    match result {
        None => {}
        Some(Ok(QuotasChecked { blocked: 0, alerts, failed }))
            if alerts.is_empty() && failed.is_empty() => {}
        Some(Ok(QuotasChecked { blocked, alerts, failed })) => {
            let line = json!({ "event": "quotas", "blocked": blocked, "alerts": alerts, "failed": failed });
            if failed.is_empty() { console_log!("{line}") } else { console_warn!("{line}") }
        }
        Some(Err(fault)) => {
            console_warn!("{}", json!({ "event": "quotas", "fault": fault.to_string() }));
        }
    }
}

/// Says what was done about alerts, where there was anything to do.
pub fn alerts(result: &Result<AlertsChecked, Fault>) {
    match result {
        Ok(AlertsChecked { sent, failed }) if sent.is_empty() && failed.is_empty() => {}
        Ok(AlertsChecked { sent, failed }) => {
            let line = json!({ "event": "alerts", "sent": sent, "failed": failed });
            if failed.is_empty() { console_log!("{line}") } else { console_warn!("{line}") }
        }
        Err(fault) => {
            console_warn!("{}", json!({ "event": "alerts", "fault": fault.to_string() }));
        }
    }
}
