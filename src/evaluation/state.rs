//! Which state of a trace is judged: whether it is due, whether there is word of a later one,
//! and whether one has come while it was judged.

use super::outline::is_settled;
use crate::error::Fault;
use crate::index::found::Found;
use crate::index::{Database, evaluators as stored};
use crate::model::Millis;
use crate::pipeline::evaluations::{EvaluationRequest, SETTLED_S, UNSETTLED_S, Wanted};

/// Seconds until a trace is due; `None` if it is.
pub(super) fn wait_s(request: &EvaluationRequest, found: &Found, now: Millis) -> Option<u32> {
    if request.evaluators.is_some() {
        return None;
    }
    let after_s = if is_settled(found) { SETTLED_S } else { UNSETTLED_S };
    let due = request.as_of_ms.saturating_add(Millis::from(after_s) * 1_000);
    let wait_ms = due.saturating_sub(now);
    (wait_ms > 0).then(|| u32::try_from((wait_ms + 999) / 1_000).unwrap_or(UNSETTLED_S))
}

/// The judged traces that have become others meanwhile. Who judged their later states may have
/// written before, with a clock that is behind: they are judged once more, so that what is said
/// of the last state is the latest.
pub(super) async fn find_overtaken(
    project: &str,
    judged: &[Wanted],
    db: &impl Database,
) -> Result<Vec<Wanted>, Fault> {
    let ids = judged.iter().filter(|wanted| wanted.1.is_some()).map(|wanted| &*wanted.0);
    if ids.clone().next().is_none() {
        return Ok(Vec::new());
    }
    let ran = db.run(vec![stored::select_versions(project, ids)]).await?;
    let versions = stored::read_versions(ran.rows.first().map(Vec::as_slice).unwrap_or_default())?;
    let overtaken = |wanted: &Wanted| {
        let current = versions.get(&wanted.0).copied();
        is_outdated(wanted, current).then(|| Wanted(wanted.0.clone(), current))
    };
    Ok(judged.iter().filter_map(overtaken).collect())
}

/// Whether a trace has a later version than there was word of: of that there is word, too.
pub(super) fn is_outdated(Wanted(_, version): &Wanted, current: Option<i64>) -> bool {
    version.zip(current).is_some_and(|(wanted, is)| is > wanted)
}
