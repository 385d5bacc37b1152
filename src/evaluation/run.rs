//! One message of the queue of evaluations: from traces to what is known of them. Each
//! evaluator is on its own: what goes wrong with one is noted and costs no other its turn.

use std::collections::HashMap;

use evaluators::evaluator::Meter;
use evaluators::evaluator::assignment::Judged;

use super::claim::Claim;
use super::dispatch::{Begun, Checks};
use super::outline::{Outline, first_part};
use super::plan::{Plan, Reads, plan};
use super::results::{By, JudgedScore, keep};
use super::state::{find_overtaken, is_outdated, wait_s};
use super::subject::{Reading, Subject, groups, of_spans, of_trace};
use super::verdict::{Caller, Verdict, Why};
use crate::batch::RawStore;
use crate::error::Fault;
use crate::index::evaluators::{EvaluationRow, EvaluatorRow, MAX_OF_TRACE};
use crate::index::found::Found;
use crate::index::{Database, evaluators as stored, spans};
use crate::model::Millis;
use crate::payload::Source;
use crate::pipeline::evaluations::{EvaluationQueue, EvaluationRequest, VERSION, Wanted};
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

/// What evaluators cost meanwhile, in runs that each cost as much as one may.
const MOST_RUNS: u64 = 20;

/// Times that an evaluator is tried that fails: from the endpoint's contract.
pub const MAX_FAILURES: u32 = 3;

/// Seconds until it is tried again, the first time; four times as many each time after.
const RETRY_S: u32 = 30;

/// What was found out.
#[derive(Default)]
struct Judgements {
    scores: Vec<JudgedScore>,
    rows: Vec<EvaluationRow>,
    /// Seconds until what failed is tried again.
    retry_s: Option<u32>,
}

/// Judges the traces of a message.
///
/// # Errors
/// That of the index, the store or the queue, or for a message that is not known: all of it
/// may be done again. What was judged before it is kept.
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
    let ids = request.traces.iter().filter(|wanted| wanted.1.is_some()).map(|wanted| &*wanted.0);
    let asked = vec![stored::select_all(project), stored::select_versions(project, ids)];
    let ran = db.run(asked).await?;
    let found = |at: usize| ran.rows.get(at).map(Vec::as_slice).unwrap_or_default();
    let (all, versions) = (&stored::read_all(found(0))?, stored::read_versions(found(1))?);
    let (checks, meter) = (Checks::of(all), Meter::default());
    let run = Run { request, now, started, ports, all, checks, meter };
    let (mut done, mut broken) = (Evaluated::default(), None);
    let (mut scores, mut rows) = (Vec::new(), Vec::new());
    let mut later: Vec<(u32, Wanted)> = Vec::new();
    let mut judged: Vec<Wanted> = Vec::new();
    for wanted in &request.traces {
        if is_outdated(wanted, versions.get(&wanted.0).copied()) {
            continue;
        }
        if run.is_over() {
            later.push((0, wanted.clone()));
            continue;
        }
        let mut one = Judgements::default();
        match run.turn(wanted, &mut one).await {
            Ok(Turn::Nothing) => {}
            // What failed meanwhile is tried in its own time, and the rest with it.
            Ok(Turn::Wait(wait_s)) => later.push((one.retry_s.unwrap_or(wait_s), wanted.clone())),
            Ok(Turn::Done) => {
                done.traces += 1;
                judged.extend((!one.scores.is_empty()).then(|| wanted.clone()));
                later.extend(one.retry_s.map(|wait_s| (wait_s, wanted.clone())));
            }
            // A row that is damaged holds up no other trace.
            Err(Fault::Internal(_)) => done.failed += 1,
            Err(fault) => broken = Some(fault),
        }
        // Whatever became of the rest: calls of others may have been paid for.
        done.scores += one.scores.len();
        done.failed += one.rows.iter().filter(|row| row.status == "error").count();
        scores.extend(one.scores);
        rows.extend(one.rows);
        if broken.is_some() {
            break;
        }
    }
    // Scores first: what is noted as done is.
    keep(project, scores, now, ports.source.formats, ports.source.store, db).await?;
    if !rows.is_empty() {
        db.run(stored::write(project, &rows)).await?;
    }
    if let Some(fault) = broken {
        return Err(fault);
    }
    later.extend(find_overtaken(project, &judged, db).await?.into_iter().map(|trace| (0, trace)));
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
    /// It is due in so many seconds, or what is left of it.
    Wait(u32),
    /// It was judged.
    Done,
}

type Known<'k> = HashMap<(&'k str, u32, &'k str), &'k EvaluationRow>;

fn index(rows: &[EvaluationRow]) -> Known<'_> {
    rows.iter().map(|row| ((&*row.evaluator, row.version, &*row.span), row)).collect()
}

/// A message under way.
struct Run<'r, D, S, Q, C, F> {
    request: &'r EvaluationRequest,
    now: &'r F,
    started: Millis,
    ports: &'r Ports<'r, D, S, Q, C>,
    all: &'r [EvaluatorRow],
    checks: Checks,
    meter: Meter,
}

/// A trace under way.
struct Trace<'t> {
    id: String,
    known: Known<'t>,
    done: &'t mut Judgements,
}

impl<D, S, Q, C, F> Run<'_, D, S, Q, C, F>
where
    D: Database,
    S: RawStore,
    C: Caller,
    F: Fn() -> Millis,
{
    /// Whether it has taken as long as a message may.
    fn is_over(&self) -> bool {
        (self.now)().saturating_sub(self.started) > MOST_MS || self.meter.has_spent(MOST_RUNS)
    }

    async fn turn(&self, wanted: &Wanted, done: &mut Judgements) -> Result<Turn, Fault> {
        let (project, Wanted(id, _)) = (&*self.request.project, wanted);
        let mut asked = spans::select_trace(project, id);
        let others = asked.len();
        let version = stored::select_versions(project, std::iter::once(&**id));
        asked.extend([version, stored::select_of_trace(project, id)]);
        let mut ran = self.ports.db.run(asked).await?;
        let state = ran.rows.split_off(others.min(ran.rows.len()));
        let state = |at: usize| state.get(at).map(Vec::as_slice).unwrap_or_default();
        let current = stored::read_versions(state(0))?.get(id).copied();
        let found = first_part(&ran)?.filter(|found| found.trace.root_child != MOVED);
        let Some(found) = found.filter(|_| !is_outdated(wanted, current)) else {
            return Ok(Turn::Nothing);
        };
        if let Some(wait_s) = wait_s(self.request, &found, (self.now)()) {
            return Ok(Turn::Wait(wait_s));
        }
        let known = stored::read_of_trace(state(1))?;
        let plan = plan(self.all, self.request.evaluators.as_deref(), &found.trace);
        let mut trace = Trace { id: found.trace.id.clone(), known: index(&known), done };
        let whole = self.judge_trace(found, &plan, &mut trace).await?;
        Ok(if whole { Turn::Done } else { Turn::Wait(0) })
    }

    /// Whether it is done with it.
    async fn judge_trace(
        &self,
        found: Found,
        plan: &Plan<'_>,
        trace: &mut Trace<'_>,
    ) -> Result<bool, Fault> {
        for name in &plan.unknown {
            if !trace.known.contains_key(&(&**name, 0, "")) {
                let why = "No evaluator of this name is switched on.".to_owned();
                let mut row = self.row(&trace.id, (name, 0, name), "", "", None);
                (row.status, row.message) = ("skipped".into(), Some(why));
                trace.done.rows.push(row);
            }
        }
        if plan.evaluators.is_empty() {
            return Ok(true);
        }
        let (source, project) = (&self.ports.source, &*self.request.project);
        let outline = Outline::read(project, found, plan, self.ports.db).await?;
        let of_whole = plan.evaluators.iter().filter(|planned| !planned.judges_spans());
        let of_whole: Vec<_> = of_whole.map(|planned| planned.row).collect();
        if !of_whole.is_empty() {
            let subject = of_trace(&outline, source).await?;
            if !self.judge(&subject, &of_whole, trace).await? {
                return Ok(false);
            }
        }
        let mut judges = outline.judges.iter();
        for group in groups(&outline.judged) {
            for (subject, judges) in of_spans(group, source).await?.iter().zip(&mut judges) {
                let judges = judges.iter().filter_map(|at| plan.evaluators.get(*at));
                let judges: Vec<_> = judges.map(|planned| planned.row).collect();
                if !self.judge(subject, &judges, trace).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Has these judge a subject; whether there was time for all of them.
    async fn judge(
        &self,
        subject: &Subject,
        judges: &[&EvaluatorRow],
        trace: &mut Trace<'_>,
    ) -> Result<bool, Fault> {
        let calls: Vec<&str> = subject.calls.iter().map(String::as_str).collect();
        let reading = Reading::of(subject, &calls, &self.meter);
        for by in judges {
            // What is put off goes on where it got to: what is known is not judged again, so
            // all of that has to be, and there has to be more of it each time.
            let known_whole = trace.known.len() < MAX_OF_TRACE;
            let got_on = || trace.done.rows.iter().any(|row| row.input.is_some());
            if self.is_over() && known_whole && got_on() {
                return Ok(false);
            }
            self.judge_by(by, &reading, trace).await?;
        }
        Ok(true)
    }

    /// Has one evaluator judge, unless it has judged the same before.
    async fn judge_by(
        &self,
        by: &EvaluatorRow,
        reading: &Reading<'_>,
        trace: &mut Trace<'_>,
    ) -> Result<(), Fault> {
        let (project, span) = (&*self.request.project, reading.subject.span.as_deref());
        let place = span.unwrap_or_default();
        let hash = reading.hash(Reads::of(&by.r#type));
        let known = trace.known.get(&(&*by.id, by.version, place));
        let same = known.filter(|known| known.input.as_deref() == Some(hash));
        let failures = same.map_or(0, |known| known.failures);
        if same.is_some_and(|known| known.status != "error" || failures >= MAX_FAILURES) {
            return Ok(());
        }
        let of = Judged { project, evaluator: &by.id, version: by.version, trace: &trace.id, span };
        let mut row = self.row(&trace.id, (&by.id, by.version, &by.name), place, hash, known);
        let said = match self.checks.begin(by, &of, reading, self.ports.caller) {
            Ok(Begun::Said(verdict)) => Ok(verdict),
            Ok(Begun::Call(call)) => {
                let calls = known.map_or(0, |known| known.calls);
                let claim = Claim { project, row: &row, calls, now: (self.now)() };
                match claim.take(by, self.ports.db).await? {
                    Ok(()) => self.ports.caller.call(&call).await,
                    Err(why) => Err(why),
                }
            }
            Err(why) => Err(why),
        };
        let done = &mut *trace.done;
        match said {
            Ok(verdict) => {
                row.status = "ok".into();
                let Verdict { value, label, reasoning } = verdict;
                done.scores.push(JudgedScore {
                    id: of.score_id(),
                    trace_id: of.trace.into(),
                    span_id: span.map(Into::into),
                    evaluator_name: by.name.clone(),
                    value,
                    label,
                    reasoning,
                    metadata: By { evaluator_id: by.id.clone(), version: by.version },
                    created_at: row.as_of_ms,
                });
            }
            Err(Why::Skipped(why)) => {
                (row.status, row.message) = ("skipped".into(), Some(why));
            }
            // Without a hash it is judged again whenever somebody asks.
            Err(Why::NotNow(why)) => {
                (row.status, row.message, row.input) = ("skipped".into(), Some(why), None);
            }
            Err(Why::Unset(why)) => (row.message, row.input) = (Some(why), None),
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

    /// What becomes of an evaluator: where it said something of another state before (`known`),
    /// after that, whatever the clocks say.
    fn row(
        &self,
        trace: &str,
        (evaluator, version, name): (&str, u32, &str),
        span: &str,
        hash: &str,
        known: Option<&&EvaluationRow>,
    ) -> EvaluationRow {
        let after = known.map_or(Millis::MIN, |known| {
            let is_other = known.input.as_deref().is_some_and(|input| input != hash);
            known.as_of_ms.saturating_add(Millis::from(is_other && known.status == "ok"))
        });
        EvaluationRow {
            trace: trace.into(),
            evaluator: evaluator.into(),
            version,
            span: span.into(),
            name: name.into(),
            status: "error".into(),
            message: None,
            input: Some(hash.into()),
            failures: 0,
            calls: 0,
            as_of_ms: self.request.as_of_ms.max(after),
        }
    }
}
