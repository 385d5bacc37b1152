//! The cron's run over all rules: a read of them, one of what they measure for some projects at
//! a time, and writes only where something changes or is sent. It may be stopped anywhere, and
//! run by any number at once.

use super::measure::{measure, statements};
use super::notice;
use super::rule::Allowed;
use crate::error::Fault;
use crate::index::Database;
use crate::index::alerts::{self, AlertRow};
use crate::model::Millis;
use crate::outbound::Outbound;
use crate::pipeline::webhook::send;

/// Projects whose rules are measured in one call of D1, and calls of a run: the free plan lets it
/// make fifty of all kinds. Further projects take turns, a run each.
const TOGETHER: usize = 10;
/// See [`TOGETHER`].
const CALLS: usize = 5;
/// Rules that change in a run; others wait for the next. Each is up to three calls of somebody.
const CHANGES: usize = 6;

/// What a run came to; for the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct AlertsChecked {
    /// Notices that were taken: the project, the notice's id and what it said.
    pub sent: Vec<(String, String, String)>,
    /// What went wrong: the project, the rule or nothing, and why.
    pub failed: Vec<(String, String, String)>,
}

/// A rule with its project's id and name.
type Of = (String, String, AlertRow);

/// One run.
///
/// # Errors
/// A fault of the database; what was done until then holds.
pub async fn check(
    now: Millis,
    allowed: &Allowed,
    db: &impl Database,
    outbound: &impl Outbound,
) -> Result<AlertsChecked, Fault> {
    let mut checked = AlertsChecked::default();
    let rules = alerts::read_enabled(&db.run(vec![alerts::select_enabled()]).await?.rows.concat())?;
    let projects: Vec<&[Of]> = rules.chunk_by(|a, b| a.0 == b.0).collect();
    let most = TOGETHER * CALLS;
    let turn = usize::try_from(now / 60_000).unwrap_or_default().wrapping_mul(most);
    let first = if projects.len() > most { turn % projects.len() } else { 0 };
    let these: Vec<_> =
        projects.iter().cycle().skip(first).take(most.min(projects.len())).collect();
    let mut changes = 0;
    for some in these.chunks(TOGETHER) {
        let asked: Vec<_> = some
            .iter()
            .map(|of| (rules_of(of), of.first().map_or("", |(project, ..)| project)))
            .map(|(rules, project)| statements(project, &rules, now))
            .collect();
        let counts: Vec<usize> = asked.iter().map(Vec::len).collect();
        let read = db.run(asked.concat()).await?.rows;
        let mut rest = read.as_slice();
        for (of, count) in some.iter().zip(counts) {
            let (rows, others) = rest.split_at_checked(count).unwrap_or_default();
            rest = others;
            let measured = match measure(&rules_of(of), now, rows) {
                Ok(measured) => measured,
                Err(fault) => {
                    let project = of.first().map(|(project, ..)| project.clone());
                    let why = fault.to_string();
                    checked.failed.push((project.unwrap_or_default(), String::new(), why));
                    continue;
                }
            };
            for (rule, value) in of.iter().zip(measured) {
                if changes < CHANGES {
                    changes += usize::from(
                        advance(rule, value, now, allowed, db, outbound, &mut checked).await?,
                    );
                }
            }
        }
    }
    Ok(checked)
}

fn rules_of(of: &[Of]) -> Vec<&AlertRow> {
    of.iter().map(|(.., rule)| rule).collect()
}

/// Brings a rule up to what was measured, and sends what is due. Whether there was anything to do.
async fn advance(
    (project, project_name, rule): &Of,
    value: Option<f64>,
    now: Millis,
    allowed: &Allowed,
    db: &impl Database,
    outbound: &impl Outbound,
    checked: &mut AlertsChecked,
) -> Result<bool, Fault> {
    let mut next = rule.clone();
    let changed = notice::step(&mut next, value, now);
    let sends = notice::claim(&mut next, now);
    if !changed && !sends {
        return Ok(false);
    }
    // Only who notes it does it. Once noted, the next try is some time off.
    let noted = db.run(vec![alerts::stand(project, &next)]).await?.rows;
    let (true, Some(due)) = (sends && !noted.concat().is_empty(), next.due.as_deref()) else {
        return Ok(true);
    };
    let id = notice::id(&next);
    // The operator may have changed their mind since it was stored.
    let mut sent = allowed.check(&next.url).map_err(str::to_owned);
    if sent.is_ok() {
        let body = notice::body(&next, due, (project, project_name));
        sent = send(&next.url, Some(&id), &body, outbound).await;
    }
    let fires = due == notice::FIRING;
    let taken = sent.as_ref().map(|()| fires.then_some(now)).map_err(String::as_str);
    db.run(vec![alerts::end_notice(project, (&next.id, next.notice), taken)]).await?;
    match sent {
        Ok(()) => checked.sent.push((project.clone(), id, due.to_owned())),
        Err(why) => checked.failed.push((project.clone(), next.id, why)),
    }
    Ok(true)
}
