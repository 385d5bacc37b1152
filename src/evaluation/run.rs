//! One message of the queue of evaluations: from traces to what is known of them. Each
//! evaluator is on its own: what goes wrong with one is noted and costs no other its turn.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use evaluators::evaluator::assignment::Judged;
use evaluators::evaluator::{Code, Evaluator, EvaluatorType, Failure};

use super::claim::Claim;
use super::outline::{Outline, first_part, is_settled};
use super::outside::runs_per_day;
use super::plan::{Plan, plan};
use super::results::{By, Result as Score, keep};
use super::subject::{Reads, Subject, groups, of_spans, of_trace};
use super::verdict::{Caller, Verdict, Why};
use crate::batch::RawStore;
use crate::error::Fault;
use crate::index::evaluators::{EvaluationRow, EvaluatorRow};
use crate::index::found::Found;
use crate::index::{Database, evaluators as stored, spans};
use crate::model::Millis;
use crate::payload::Source;
use crate::pipeline::evaluations::{
    EvaluationQueue, EvaluationRequest, SETTLED_S, UNSETTLED_S, VERSION, Wanted,
};
use ingest_core::index_writer::stored_row::MOVED;

/// What it takes to evaluate.
#[derive(Debug)]
pub struct Ports<'a, D, S, Q, C> {
    /// The index.
    pub db: &'a D,
    /// Where payloads are.
    pub source: Source<'a, S>,
    /// Where word of what is left goes.
    pub queue: &'a Q,
    /// Who calls others.
    pub caller: &'a C,
}

/// What a message came to; for the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// Traces that were judged.
    pub traces: usize,
    /// Scores that were written.
    pub scores: usize,
    /// Evaluators that failed.
    pub failed: usize,
    /// Traces of which word was sent again: they are not due, or something failed.
    pub later: usize,
}

/// How long a message takes before what is left of it is put off: clocks stand still while a
/// Worker computes, and move on with each read.
const MOST_MS: Millis = 10_000;

/// Times that an evaluator is tried that fails: from the endpoint's contract.
pub const MAX_FAILURES: u32 = 3;

/// Seconds until it is tried again, the first time; four times as many each time after.
const RETRY_S: u32 = 30;

/// What was found out about one trace.
#[derive(Default)]
struct Judgements {
    scores: Vec<Score>,
    rows: Vec<EvaluationRow>,
    retry_s: Option<u32>,
}

/// Judges the traces of a message.
///
/// # Errors
/// That of the index, the store or the queue, or for a message that is not known: all of it
/// may be done again.
pub async fn evaluate<D, S, Q, C>(
    request: &EvaluationRequest,
    now: &impl Fn() -> Millis,
    ports: &Ports<'_, D, S, Q, C>,
) -> Result<Evaluated, Fault>
where
    D: Database,
    S: RawStore,
    Q: EvaluationQueue,
    C: Caller,
{
    if request.v != VERSION {
        let why = format!("message version {} is not known, {VERSION} is", request.v);
        return Err(Fault::Internal(why));
    }
    let (db, project, started) = (ports.db, &*request.project, now());
    let ran = db.run(vec![stored::select_all(project)]).await?;
    let all = stored::read_all(ran.rows.first().map(Vec::as_slice).unwrap_or_default())?;
    let checks = Checks::of(&all);
    let mut done = Evaluated::default();
    let (mut scores, mut rows) = (Vec::new(), Vec::new());
    let mut later: Vec<(u32, Wanted)> = Vec::new();
    for wanted in &request.traces {
        if now().saturating_sub(started) > MOST_MS {
            later.push((0, wanted.clone()));
            continue;
        }
        let one = match turn(request, wanted, &all, &checks, now, ports).await {
            Ok(Turn::Done(one)) => one,
            Ok(Turn::Nothing) => continue,
            Ok(Turn::Wait(wait_s)) => {
                later.push((wait_s, wanted.clone()));
                continue;
            }
            // A row that is damaged holds up no other trace.
            Err(Fault::Internal(_)) => {
                done.failed += 1;
                continue;
            }
            Err(fault) => return Err(fault),
        };
        done.traces += 1;
        done.scores += one.scores.len();
        done.failed += one.rows.iter().filter(|row| row.status == "error").count();
        later.extend(one.retry_s.map(|wait_s| (wait_s, wanted.clone())));
        scores.extend(one.scores);
        rows.extend(one.rows);
    }
    // Scores first: what is noted as done is.
    keep(project, scores, now, ports.source.formats, ports.source.store, db).await?;
    if !rows.is_empty() {
        db.run(stored::write(project, &rows)).await?;
    }
    done.later = later.len();
    later.sort_by_key(|(wait_s, _)| *wait_s);
    for some in later.chunk_by(|(a, _), (b, _)| a == b) {
        let wait_s = some.first().map_or(0, |(wait_s, _)| *wait_s);
        let traces = some.iter().map(|(_, wanted)| wanted.clone()).collect();
        ports.queue.send(&request.with(traces), wait_s).await?;
    }
    Ok(done)
}

/// What a trace comes to when it is its turn.
enum Turn {
    /// There is no such trace, or there is word of a later state of it.
    Nothing,
    /// It is due in so many seconds.
    Wait(u32),
    /// It was judged.
    Done(Judgements),
}

async fn turn<D, S, Q, C>(
    request: &EvaluationRequest,
    Wanted(id, version): &Wanted,
    all: &[EvaluatorRow],
    checks: &Checks,
    now: &impl Fn() -> Millis,
    ports: &Ports<'_, D, S, Q, C>,
) -> Result<Turn, Fault>
where
    D: Database,
    S: RawStore,
    Q: EvaluationQueue,
    C: Caller,
{
    let project = &*request.project;
    let mut asked = spans::select_trace(project, id);
    let others = asked.len();
    asked.extend([stored::select_version(project, id), stored::select_of_trace(project, id)]);
    let mut ran = ports.db.run(asked).await?;
    let state = ran.rows.split_off(others.min(ran.rows.len()));
    let state = |at: usize| state.get(at).map(Vec::as_slice).unwrap_or_default();
    let current = stored::read_version(state(0))?;
    // Of a later version there is word, too.
    let outdated = version.zip(current).is_some_and(|(wanted, is)| is > wanted);
    let found = first_part(&ran)?.filter(|found| found.trace.root_child != MOVED && !outdated);
    let Some(found) = found else { return Ok(Turn::Nothing) };
    if let Some(wait_s) = wait_s(request, &found, now()) {
        return Ok(Turn::Wait(wait_s));
    }
    let known = stored::read_of_trace(state(1))?;
    let plan = plan(all, request.evaluators.as_deref(), &found.trace);
    let judging = Judging { project, request, checks, known: index(&known), now };
    judging.trace(found, &plan, ports).await.map(Turn::Done)
}

/// Seconds until a trace is due; `None` if it is.
fn wait_s(request: &EvaluationRequest, found: &Found, now: Millis) -> Option<u32> {
    if request.evaluators.is_some() {
        return None;
    }
    let after_s = if is_settled(found) { SETTLED_S } else { UNSETTLED_S };
    let due = request.as_of_ms.saturating_add(Millis::from(after_s) * 1_000);
    let wait_ms = due.saturating_sub(now);
    (wait_ms > 0).then(|| u32::try_from((wait_ms + 999) / 1_000).unwrap_or(UNSETTLED_S))
}

/// The deterministic evaluators of a project, each read once.
struct Checks(HashMap<String, Result<Evaluator, Failure>>);

impl Checks {
    fn of(all: &[EvaluatorRow]) -> Self {
        let check = |row: &EvaluatorRow| {
            let kind = EvaluatorType::find(&row.r#type)?;
            Some((row.id.clone(), kind.parse(Some(&row.config))))
        };
        Self(all.iter().filter_map(check).collect())
    }
}

type Known<'k> = HashMap<(&'k str, u32, &'k str), &'k EvaluationRow>;

fn index(rows: &[EvaluationRow]) -> Known<'_> {
    rows.iter().map(|row| ((&*row.evaluator, row.version, &*row.span), row)).collect()
}

struct Judging<'a, F> {
    project: &'a str,
    request: &'a EvaluationRequest,
    checks: &'a Checks,
    known: Known<'a>,
    now: &'a F,
}

impl<F: Fn() -> Millis> Judging<'_, F> {
    async fn trace<D, S, Q, C>(
        &self,
        found: Found,
        plan: &Plan<'_>,
        ports: &Ports<'_, D, S, Q, C>,
    ) -> Result<Judgements, Fault>
    where
        D: Database,
        S: RawStore,
        Q: EvaluationQueue,
        C: Caller,
    {
        let mut done = Judgements::default();
        let id = found.trace.id.clone();
        for name in &plan.unknown {
            if !self.known.contains_key(&(&**name, 0, "")) {
                let why = "No evaluator of this name is switched on.".to_owned();
                let mut row = self.row(&id, (name, 0, name), "", String::new());
                (row.status, row.message) = ("skipped".into(), Some(why));
                done.rows.push(row);
            }
        }
        if plan.evaluators.is_empty() {
            return Ok(done);
        }
        let outline = Outline::read(self.project, found, plan, ports.db).await?;
        let of_whole = || plan.evaluators.iter().filter(|planned| !planned.judges_spans());
        if of_whole().next().is_some() {
            let calls = of_whole().any(|planned| Reads::of(&planned.row.r#type) == Reads::Calls);
            let subject = of_trace(&outline, calls, &ports.source).await?;
            for planned in of_whole() {
                self.one(&id, planned.row, &subject, ports, &mut done).await?;
            }
        }
        for (planned, spans) in plan.evaluators.iter().zip(&outline.judged) {
            for group in groups(spans) {
                for subject in of_spans(group, &ports.source).await? {
                    self.one(&id, planned.row, &subject, ports, &mut done).await?;
                }
            }
        }
        Ok(done)
    }

    /// Has one evaluator judge, unless it has judged the same before.
    async fn one<D, S, Q, C>(
        &self,
        trace: &str,
        by: &EvaluatorRow,
        subject: &Subject,
        ports: &Ports<'_, D, S, Q, C>,
        done: &mut Judgements,
    ) -> Result<(), Fault>
    where
        D: Database,
        C: Caller,
    {
        let span = subject.span.as_deref();
        let hash = subject.hash(Reads::of(&by.r#type));
        let known = self.known.get(&(&*by.id, by.version, span.unwrap_or_default()));
        let same = known.filter(|known| known.input.as_deref() == Some(&*hash));
        let failures = same.map_or(0, |known| known.failures);
        if same.is_some_and(|known| known.status != "error" || failures >= MAX_FAILURES) {
            return Ok(());
        }
        let of =
            Judged { project: self.project, evaluator: &by.id, version: by.version, trace, span };
        let mut row =
            self.row(trace, (&by.id, by.version, &by.name), span.unwrap_or_default(), hash);
        let said = match (subject.unreadable, self.checks.0.get(&by.id)) {
            (Some(why), _) => Err(Why::Failed(why.into())),
            (None, Some(check)) => judge(check, subject),
            (None, None) if runs_per_day(&by.r#type).is_none() => {
                Err(Why::Refused("There is no such type of evaluator.".into()))
            }
            (None, None) => {
                let claim = Claim { project: self.project, row: &row, now: (self.now)() };
                match claim.take(by, ports.db).await? {
                    Ok(()) => ports.caller.call(by, &of, subject).await,
                    Err(why) => Err(why),
                }
            }
        };
        match said {
            Ok(verdict) => {
                row.status = "ok".into();
                let Verdict { value, label, reasoning } = verdict;
                done.scores.push(Score {
                    id: of.score_id(),
                    trace_id: trace.into(),
                    span_id: span.map(Into::into),
                    evaluator_name: by.name.clone(),
                    value,
                    label,
                    reasoning,
                    metadata: By { evaluator_id: by.id.clone(), version: by.version },
                    created_at: self.request.as_of_ms,
                });
            }
            Err(Why::Skipped(why)) => {
                (row.status, row.message) = ("skipped".into(), Some(why));
            }
            Err(Why::NotNow(why)) => {
                (row.status, row.message, row.input) = ("skipped".into(), Some(why), None);
            }
            Err(Why::Refused(why)) => {
                (row.message, row.failures) = (Some(why), MAX_FAILURES);
            }
            Err(Why::Failed(why)) => {
                (row.message, row.failures) = (Some(why), failures + 1);
                if row.failures < MAX_FAILURES {
                    let wait_s = RETRY_S << (2 * failures);
                    done.retry_s = Some(done.retry_s.map_or(wait_s, |known| known.min(wait_s)));
                }
            }
        }
        done.rows.push(row);
        Ok(())
    }

    fn row(
        &self,
        trace: &str,
        (evaluator, version, name): (&str, u32, &str),
        span: &str,
        hash: String,
    ) -> EvaluationRow {
        EvaluationRow {
            trace: trace.into(),
            evaluator: evaluator.into(),
            version,
            span: span.into(),
            name: name.into(),
            status: "error".into(),
            message: None,
            input: Some(hash),
            failures: 0,
            calls: 0,
            as_of_ms: self.request.as_of_ms,
        }
    }
}

/// Has a deterministic evaluator judge: whatever it does, nobody else is hurt.
pub(super) fn judge(check: &Result<Evaluator, Failure>, subject: &Subject) -> Result<Verdict, Why> {
    let check = check.as_ref().map_err(|failure| Why::Refused(failure.message.clone()))?;
    if check.reads_output() && subject.output.is_none() && subject.calls.is_empty() {
        return Err(Why::Skipped("There is no output to judge.".into()));
    }
    let calls: Vec<&str> = subject.calls.iter().map(String::as_str).collect();
    let run = catch_unwind(AssertUnwindSafe(|| check.run(&subject.input(&calls))));
    match run {
        Ok(Ok(outcome)) => Ok(Verdict {
            value: outcome.score,
            label: Some(outcome.label.into_owned()),
            reasoning: Some(outcome.reasoning),
        }),
        Ok(Err(Failure { code: Code::MissingInput, message })) => Err(Why::Skipped(message)),
        Ok(Err(failure)) => Err(Why::Refused(failure.message)),
        Err(_) => Err(Why::Failed("The evaluator broke down.".into())),
    }
}
