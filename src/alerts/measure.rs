//! What a project's rules read, and what they come to: of the sums by hour a row for each hour
//! or day that is looked at, whatever was sent in it; of all else a row or a bounded number.

use super::rule::Kind;
use crate::error::Fault;
use crate::index::alerts::{self, AlertRow};
use crate::index::rollups::{By, Sums, select_columns};
use crate::index::{Statement, decode};
use crate::model::Millis;

const HOUR_MS: Millis = 3_600_000;
/// What started so long ago may only now be added up: an hour or a day that has ended is looked
/// at as long as that.
const LATE_MS: Millis = 15 * 60_000;

/// Hours of a period.
fn length(period: &str) -> i64 {
    if period == "day" { 24 } else { 1 }
}

/// The hours or days that a rule looks at: the one that runs, and the one before while that may
/// still grow. Their beginnings, in hours since the epoch.
fn starts(period: &str, now: Millis) -> (i64, i64) {
    let hours = length(period);
    let start = |at: Millis| at.div_euclid(HOUR_MS * hours) * hours;
    (start(now - LATE_MS), start(now))
}

/// What is to be read for some rules of a project; [`measure`] is told what came of it.
#[must_use]
pub fn statements(project: &str, rules: &[&AlertRow], now: Millis) -> Vec<Statement> {
    let kinds = |kind: Kind| rules.iter().filter(move |rule| rule.kind == kind.as_str());
    let mut all: Vec<Statement> = ["hour", "day"]
        .into_iter()
        .filter(|period| has_sums(rules, period))
        .map(|period| {
            let (first, last) = starts(period, now);
            let hours = first..last + length(period);
            select_columns(project, By::Name, std::slice::from_ref(&hours))
        })
        .collect();
    all.extend(kinds(Kind::NoTraces).next().map(|_| alerts::select_newest(project, now)));
    all.extend(kinds(Kind::DeadLetters).next().map(|_| alerts::select_letters(project)));
    all.extend(kinds(Kind::EvaluatorAverage).map(|rule| {
        let times = (now - HOUR_MS * length(&rule.period), now);
        let times = (times.0.saturating_mul(1_000), times.1.saturating_mul(1_000));
        alerts::select_average(project, &rule.evaluator, times)
    }));
    all
}

fn has_sums(rules: &[&AlertRow], period: &str) -> bool {
    let of_sums = |rule: &AlertRow| Kind::parse(&rule.kind).is_some_and(Kind::is_of_sums);
    rules.iter().any(|rule| of_sums(rule) && rule.period == period)
}

/// What each rule comes to, by what its [`statements`] gave; nothing where there is too little to
/// say.
///
/// # Errors
/// [`Fault::Internal`] for rows that are not what was asked for.
pub fn measure(
    rules: &[&AlertRow],
    now: Millis,
    rows: &[Vec<String>],
) -> Result<Vec<Option<f64>>, Fault> {
    let mut rows = rows.iter().map(Vec::as_slice);
    let mut next = || rows.next().unwrap_or_default();
    let mut sums = Vec::new();
    for period in ["hour", "day"] {
        if has_sums(rules, period) {
            sums.push((period, alerts::read_sums(next())?));
        }
    }
    let any = |kind: Kind| rules.iter().any(|rule| rule.kind == kind.as_str());
    let newest = if any(Kind::NoTraces) { alerts::read_newest(next())? } else { None };
    let letters: u32 = if any(Kind::DeadLetters) { decode(&next().concat())? } else { 0 };
    let mut measured = Vec::with_capacity(rules.len());
    for rule in rules {
        let value = match Kind::parse(&rule.kind) {
            Some(Kind::NoTraces) => {
                // A project that never had any waits from the making of its rule on.
                let since = newest.unwrap_or(rule.created_ms);
                Some(whole((now - since).max(0) / 60_000))
            }
            Some(Kind::DeadLetters) => Some(letters.into()),
            Some(Kind::EvaluatorAverage) => {
                let (count, average): (i64, Option<f64>) = decode(&next().concat())?;
                average.filter(|_| count >= rule.min_count)
            }
            Some(kind) => {
                let of = sums.iter().find(|(period, _)| *period == rule.period);
                worst(kind, rule, of.map_or(&[], |(_, sums)| sums), now)
            }
            None => None,
        };
        measured.push(value);
    }
    Ok(measured)
}

/// The greatest of the hours or days that a rule looks at.
fn worst(kind: Kind, rule: &AlertRow, sums: &[(i64, Sums)], now: Millis) -> Option<f64> {
    let (first, last) = starts(&rule.period, now);
    let none = Sums::default();
    let of = |start: i64| {
        // An hour of which nothing is there yet costs nothing.
        let sums = sums.iter().find(|(at, _)| *at == start).map_or(&none, |(_, sums)| sums);
        value(kind, rule.min_count, sums)
    };
    let all = [(first != last).then(|| of(first)).flatten(), of(last)];
    all.into_iter().flatten().reduce(f64::max)
}

/// What sums come to; nothing where they are of too few.
fn value(kind: Kind, least: i64, sums: &Sums) -> Option<f64> {
    let took: i64 = sums.took.iter().map(|(_, n)| n).sum();
    // One that failed and has no end has ended all the same.
    let ended = took.max(sums.failed);
    let is_enough = |n: i64| n >= least.max(1);
    match kind {
        Kind::Cost => Some(whole(sums.cost_nano) / 1e9),
        Kind::ErrorRate => is_enough(ended).then(|| whole(sums.failed) / whole(ended)),
        Kind::P95Duration if is_enough(took) => {
            sums.percentile(95).map(|took| whole(took) / 1_000.0)
        }
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is compared with a threshold")]
fn whole(n: i64) -> f64 {
    n as f64
}
