//! The traces that some raw batches mention, beside their rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use serde::Serialize;

use super::compare::{Comparison, Rows, find_lacking, is_named_otherwise, named};
use super::reading::{Raw, decode};
use super::scores::Said;
use super::{Difference, Remedy, TimeRange};
use crate::batch::BatchRef;
use crate::error::Fault;
use crate::formats::Formats;
use crate::index::{Database, Statement, verification};
use crate::model::{Event, Millis};
use crate::pipeline::sweep::GRACE_MS;
use ingest_core::fold::compact_id::{pack, unpack};
use ingest_core::fold::place::BatchName;
use ingest_core::fold::sent::Sent;
use ingest_core::fold::trace::{Trace, fold};
use ingest_core::index_writer::whole_row::{self, WholeRow};

/// What a step found.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Where the next step begins; `None` when this was the last.
    pub next: Option<String>,
    /// When the last batch looked at was received, milliseconds since the epoch.
    pub reached: Option<Millis>,
    /// The ids of the batches that were read.
    pub batches: Vec<String>,
    /// Events in them that count.
    pub events: usize,
    /// Messages sent.
    pub queued: usize,
    /// The traces that they mention, by project.
    pub traces: BTreeMap<String, Vec<Seen>>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// A trace that was looked at: its id; what of it is open, the ids of batches after the
/// names of fields; and where it has spans with rows of their own, the version of its row
/// and how many of their events these batches say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen(pub String, pub Open, pub Option<(i64, usize)>);

/// What other batches have to say: fields, and batches by their ids.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Fields, by their names, and texts of those that are sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Batches that the trace says something of it lies in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<String>,
}

/// A step under way.
pub(super) struct Step {
    range: TimeRange,
    now: Millis,
    pub(super) verified: Verified,
    /// The places of batches of which something is missing.
    pub(super) lacking: BTreeSet<usize>,
}

/// Scores that are asked for at a time, by their ids.
const SCORES: usize = 1_000;

/// What the batches of a step say of a project.
struct OfProject<'a> {
    project: &'a str,
    /// Its batches, by their places.
    batches: Vec<usize>,
    /// Their events, each with its batch's place, by the ids of their traces.
    events: HashMap<Rc<str>, Vec<(usize, Sent<'a>)>>,
    /// The same, folded: for the ids of the spans.
    traces: Vec<(Rc<str>, Trace)>,
    /// Their scores.
    scores: Said,
    /// Batches whose events are among these.
    here: HashSet<Rc<BatchName>>,
}

impl Step {
    pub(super) fn new(range: TimeRange, now: Millis) -> Self {
        Self { range, now, verified: Verified::default(), lacking: BTreeSet::new() }
    }

    /// Compares these batches with the index.
    pub(super) async fn compare(
        &mut self,
        raws: &[Raw],
        formats: Formats,
        db: &impl Database,
    ) -> Result<(), Fault> {
        let decoded: Vec<_> = raws.iter().map(|raw| decode(raw, formats)).collect();
        let mut projects: Vec<OfProject> = Vec::new();
        for (at, raw) in raws.iter().enumerate() {
            let project = &*raw.batch.project;
            let place = projects.iter().position(|of| of.project == project);
            let place = place.unwrap_or_else(|| {
                projects.push(OfProject::new(project));
                projects.len() - 1
            });
            let Some(of) = projects.get_mut(place) else { continue };
            of.batches.push(at);
            if let Some(Ok(events)) = decoded.get(at) {
                self.verified.events += events.len();
                of.here.insert(Rc::clone(&raw.name));
                for event in events {
                    let Raw { batch, name, body } = raw;
                    of.add(at, Sent { batch, name, body, event });
                }
            }
        }
        let known = projects.iter().map(|of| {
            let ids: Vec<_> = of.batches.iter().filter_map(|at| raws.get(*at)).collect();
            let ids: Vec<_> = ids.iter().map(|raw| &*raw.batch.id).collect();
            verification::select_known(of.project, &ids)
        });
        let mut statements: Vec<_> = known.collect();
        for of in &mut projects {
            let all: Vec<_> = of.events.values().flatten().map(|(_, sent)| *sent).collect();
            of.traces = fold(&all);
            statements.extend(of.read(&of.traces));
            let scores: Vec<_> = of.scores.ids().into_iter().collect();
            statements.extend(
                scores.chunks(SCORES).map(|ids| verification::select_scores(of.project, ids)),
            );
        }
        // The ledger and the rows of all: as of one moment.
        let mut results = db.run(statements).await?.rows.into_iter();
        let known: Vec<_> = results.by_ref().take(projects.len()).collect();
        for (of, known) in projects.iter().zip(known) {
            let known = read_known(&known);
            let settled = self.look_at_batches(of, raws, &decoded, &known);
            let (Some(traces), Some(spans)) = (results.next(), results.next()) else { break };
            let reads = of.scores.ids().len().div_ceil(SCORES);
            let found: Vec<_> = results.by_ref().take(reads).flatten().collect();
            let (differences, lacking) = of.scores.compare(of.project, &settled, &found);
            self.verified.differences.extend(differences);
            self.lacking.extend(lacking);
            let mut later = self.look_at_traces(of, &of.traces, &settled, &traces, &spans);
            // Packs that were too much for one read.
            while !later.is_empty() {
                let some: Vec<_> =
                    of.traces.iter().filter(|(id, _)| later.contains(id)).cloned().collect();
                let ran = db.run(of.read(&some).into()).await?.rows;
                let [traces, spans] = ran.as_slice() else { break };
                let before = later.len();
                later = self.look_at_traces(of, &some, &settled, traces, spans);
                if later.len() >= before {
                    return Err(Fault::Internal("no row came of those left to read".into()));
                }
            }
        }
        Ok(())
    }

    /// Says what is wrong with batches themselves; gives the places of those that the
    /// ledger knows by this very object, whose events have to be in the index.
    fn look_at_batches(
        &mut self,
        of: &OfProject,
        raws: &[Raw],
        decoded: &[Result<Vec<Event>, String>],
        known: &HashMap<String, Known>,
    ) -> HashSet<usize> {
        let mut settled = HashSet::new();
        for at in &of.batches {
            let (Some(raw), Some(decoded)) = (raws.get(*at), decoded.get(*at)) else { continue };
            let BatchRef { project, id, received, .. } = &raw.batch;
            self.verified.batches.push(id.clone());
            let mut differs = |what: String, remedy, young| {
                let (project, batch) = (project.clone(), Some(id.clone()));
                let found =
                    Difference { project, batch, what, remedy, young, ..Difference::default() };
                self.verified.differences.push(found);
            };
            let Known { first, dead } = known.get(id).copied().unwrap_or_default();
            let is_known = first.is_some_and(|first| first <= *received);
            match decoded {
                // It may be why it is a dead letter.
                Err(why) if !dead => differs(why.clone(), Remedy::None, false),
                Ok(_) if !is_known && !dead => {
                    let what = "neither the ledger nor the dead letters know it".to_owned();
                    differs(what, Remedy::Queue, received.saturating_add(GRACE_MS) > self.now);
                    self.lacking.insert(*at);
                }
                // Of a body that was sent twice the first object counts.
                Ok(_) if first == Some(*received) => {
                    settled.insert(*at);
                }
                _ => {}
            }
        }
        settled
    }

    /// Says how traces differ; gives those whose packs were not read.
    fn look_at_traces(
        &mut self,
        of: &OfProject,
        asked: &[(Rc<str>, Trace)],
        settled: &HashSet<usize>,
        traces: &[String],
        spans: &[String],
    ) -> HashSet<Rc<str>> {
        let mut rows: HashMap<_, _> = traces
            .iter()
            .filter_map(|row| WholeRow::read(row))
            .map(|row| (Rc::clone(&row.id), row))
            .collect();
        let (mut own, mut damaged) = (HashMap::<Rc<str>, Rows>::new(), HashSet::new());
        for (trace, span) in spans.iter().filter_map(|row| whole_row::read_span(row)) {
            if let Ok(span) = span {
                own.entry(trace).or_default().insert(Rc::clone(&span.id), span);
            } else {
                damaged.insert(trace);
            }
        }
        let mut later = HashSet::new();
        for (id, _) in asked {
            let (row, own) = (rows.remove(id), own.remove(id).unwrap_or_default());
            if row.as_ref().is_some_and(|row| matches!(row.unpacked, Ok(None))) {
                later.insert(Rc::clone(id));
                continue;
            }
            let seen = self.look_at(of, id, settled, row, &own, damaged.contains(id));
            self.verified.traces.entry(of.project.to_owned()).or_default().push(seen);
        }
        later
    }

    fn look_at(
        &mut self,
        of: &OfProject,
        id: &Rc<str>,
        settled: &HashSet<usize>,
        row: Option<WholeRow>,
        own: &Rows,
        damaged: bool,
    ) -> Seen {
        let mut seen = Seen(unpack(id.to_string()), Open::default(), None);
        let mut differs = |remedy, what: String| {
            self.verified.differences.push(Difference::of_trace(of.project, id, remedy, what));
        };
        let events = of.events.get(id).map(Vec::as_slice).unwrap_or_default();
        let told = events.iter().filter(|(at, _)| settled.contains(at));
        let told: Vec<_> = told.map(|(at, sent)| (*at, *sent)).collect();
        let batches = told.iter().map(|(at, _)| *at);
        let Some(row) = row else {
            if !told.is_empty() {
                differs(Remedy::Queue, "it is not there".into());
                self.lacking.extend(batches);
            }
            return seen;
        };
        if damaged {
            differs(Remedy::Forget, "a row of its spans cannot be unpacked".into());
        }
        let Ok(Some(stored)) = &row.unpacked else {
            differs(Remedy::Forget, "its row cannot be unpacked".into());
            return seen;
        };
        let wrong = row.wrong_columns(stored);
        if !wrong.is_empty() {
            let wrong = wrong.join(", ");
            differs(Remedy::Forget, format!("not what its spans come to: {wrong}"));
        }
        let mut comparison = Comparison::new(stored, own, &of.here);
        for (_, sent) in events {
            comparison.hear(sent);
        }
        let compared = comparison.end();
        for what in compared.wrong {
            differs(Remedy::Forget, what);
        }
        let named = named(stored, own);
        let told = told.iter().filter(|(_, sent)| !is_named_otherwise(sent.name, &named));
        let told: Vec<_> = told.map(|(_, sent)| *sent).collect();
        let news = fold(&told).into_iter().next().map(|(_, news)| news);
        if let Some(lacking) = news.and_then(|news| find_lacking(stored, own, news)) {
            differs(Remedy::Queue, format!("something that is said is missing: {lacking}"));
            self.lacking.extend(batches);
        }
        // What earlier batches said, or later ones, is not read here.
        if self.range.until.is_none() && stored.trace.head.created_ms >= self.range.since {
            seen.1.fields = compared.fields;
        }
        let elsewhere = compared.elsewhere.iter().filter(|name| self.range.contains(name.received));
        seen.1.batches = elsewhere.map(|name| name.id.to_string()).collect();
        seen.2 = stored.beyond.map(|_| (stored.version, compared.in_rows));
        seen
    }
}

impl<'a> OfProject<'a> {
    fn new(project: &'a str) -> Self {
        let (batches, traces, scores) = (Vec::new(), Vec::new(), Said::default());
        Self { project, batches, traces, events: HashMap::new(), scores, here: HashSet::new() }
    }

    fn add(&mut self, at: usize, sent: Sent<'a>) {
        let Some(id) = sent.event.body.trace_id() else { return self.scores.add(at, &sent) };
        self.events.entry(pack(id).into()).or_default().push((at, sent));
    }

    /// Reads the rows of these traces.
    fn read(&self, traces: &[(Rc<str>, Trace)]) -> [Statement; 2] {
        let asked = traces
            .iter()
            .map(|(id, trace)| (&**id, trace.spans.list().iter().map(|span| &*span.id).collect()));
        whole_row::select(self.project, &asked.collect::<Vec<_>>())
    }
}

/// What is known of a batch.
#[derive(Debug, Default, Clone, Copy)]
struct Known {
    /// When the object was received that the ledger knows.
    first: Option<Millis>,
    /// Whether it is a dead letter.
    dead: bool,
}

fn read_known(rows: &[String]) -> HashMap<String, Known> {
    let read = |row: &String| {
        let (id, first, dead): (_, _, u8) = serde_json::from_str(row).ok()?;
        Some((id, Known { first, dead: dead != 0 }))
    };
    rows.iter().filter_map(read).collect()
}
