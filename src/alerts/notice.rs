//! How a rule goes from one state to the next, and what its receiver is told of that.

use serde::Serialize;

use super::rule::Kind;
use crate::index::alerts::AlertRow;
use crate::model::Millis;
use crate::time;

/// That it fires, and that it does no more, as a rule's row and its notices say it.
pub const FIRING: &str = "firing";
/// See [`FIRING`].
pub const RECOVERED: &str = "recovered";

/// Longest wait between two tries: an hour.
const MAX_WAIT_MIN: i64 = 60;

/// Brings a rule up to what was measured, where anything was. Whether that changed it.
pub fn step(rule: &mut AlertRow, measured: Option<f64>, now: Millis) -> bool {
    let Some(value) = measured else { return false };
    let reached =
        Kind::parse(&rule.kind).is_some_and(|kind| kind.is_reached(value, rule.threshold));
    let was = rule.firing != 0;
    let sent_since = rule.sent_ms.is_some_and(|sent| sent >= rule.since_ms);
    let due = rule.due.as_deref();
    let next = if reached {
        // What it said last, if anything, is not over, or was too long ago.
        let cooled = rule.sent_ms.is_none_or(|sent| now - sent >= rule.cooldown_ms);
        (due != Some(FIRING) && (cooled || due == Some(RECOVERED))).then_some(FIRING)
    } else {
        // Whoever was not told that it fires need not be told that it does no more.
        (was && (due == Some(FIRING) || sent_since)).then_some(RECOVERED)
    };
    if reached != was {
        rule.firing = reached.into();
        rule.since_ms = now;
        if !reached {
            rule.due = None;
        }
    }
    if let Some(next) = next {
        rule.due = Some(next.into());
        rule.notice += 1;
        rule.value = value;
        (rule.retry_ms, rule.tries, rule.error) = (now, 0, None);
    }
    reached != was || next.is_some()
}

/// Takes it on to send what is due, if anything is by now: the next try comes after this one,
/// whatever becomes of it. Whether it is to be sent.
pub fn claim(rule: &mut AlertRow, now: Millis) -> bool {
    let due = rule.due.is_some() && rule.retry_ms <= now;
    if due {
        let wait_min = 1_i64.checked_shl(rule.tries).unwrap_or(MAX_WAIT_MIN).min(MAX_WAIT_MIN);
        rule.retry_ms = now + wait_min * 60_000;
        rule.tries = rule.tries.saturating_add(1).min(16);
    }
    due
}

/// A notice, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notice<'a> {
    id: &'a str,
    text: &'a str,
    state: &'a str,
    alert_id: &'a str,
    name: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    period: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    evaluator: &'a str,
    value: f64,
    threshold: f64,
    since: String,
    project: &'a str,
    project_id: &'a str,
}

/// Slack's shape.
#[derive(Serialize)]
struct Slack<'a> {
    text: &'a str,
}

/// The id of a rule's notice: the same as often as it is tried.
#[must_use]
pub fn id(rule: &AlertRow) -> String {
    format!("{}-{}", rule.id, rule.notice)
}

/// What is sent of a rule; `state` is what its row says is due, or `test`.
#[must_use]
pub fn body(rule: &AlertRow, state: &str, (project_id, project): (&str, &str)) -> String {
    let AlertRow { name, kind, period, evaluator, value, threshold, .. } = rule;
    let kind_of = Kind::parse(kind);
    let amount = |value: f64| kind_of.map_or_else(String::new, |kind| kind.amount(value));
    let label = kind_of.map_or("", Kind::label);
    let of = if period.is_empty() { String::new() } else { format!(" in the {period}") };
    let (is, threshold_is) = (amount(*value), amount(*threshold));
    let text = format!(
        "Edgespan: {project}: {name} {state}: {label} {is}{of} (threshold {threshold_is})."
    );
    if rule.format == "slack" {
        return serde_json::to_string(&Slack { text: &text }).unwrap_or_default();
    }
    let notice = Notice {
        id: &id(rule),
        text: &text,
        state,
        alert_id: &rule.id,
        name,
        kind,
        period,
        evaluator,
        value: *value,
        threshold: *threshold,
        since: time::with_millis(rule.since_ms.saturating_mul(1_000)),
        project,
        project_id,
    };
    serde_json::to_string(&notice).unwrap_or_default()
}
