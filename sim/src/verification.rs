//! The verification as its command drives it: a pass along R2, one along the rows of the
//! index, and what the two come to together.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use edgespan::batch::{Listed, RawStore};
use edgespan::error::Fault;
use edgespan::formats::Formats;
use edgespan::pipeline::queue::{BatchQueue, Message};
use edgespan::pipeline::verify::raw_batches::{Open, Seen, Verified, VerifyRequest, verify};
use edgespan::pipeline::verify::rows::{RowsRequest, Walked, walk};
use edgespan::pipeline::verify::{Difference, Remedy};
use futures_util::FutureExt;

use crate::objects::Objects;
use crate::sqlite::Sqlite;

/// What is compared.
#[derive(Debug, Clone)]
pub struct Verification<'a> {
    /// R2.
    pub store: &'a Objects,
    /// Most keys that a listing gives.
    pub keys: usize,
    /// D1.
    pub db: &'a Sqlite,
    /// The formats of raw batches.
    pub formats: Formats,
    /// The time.
    pub now: i64,
    /// From when on batches count, ISO 8601.
    pub since: &'a str,
}

/// All that differs.
#[derive(Debug, Default)]
pub struct Report {
    /// A line for each difference: the project, the trace, what.
    pub lines: BTreeSet<String>,
    /// Traces that are to be forgotten, by project.
    pub forget: BTreeMap<String, BTreeSet<String>>,
    /// Keys of rows of spans that are no trace's, with their projects.
    pub keys: Vec<(String, String)>,
    /// Batches that are gone from R2, or are not what they were.
    pub gone: Vec<String>,
    /// Steps that the pass along R2 took.
    pub steps: usize,
}

impl Report {
    fn add(&mut self, found: Vec<Difference>) {
        for Difference { project, trace, batch, key, score, what, remedy, .. } in found {
            let score = score.map(|id| format!("score {id}"));
            let of = trace.as_deref().or(key.as_deref()).or(score.as_deref()).unwrap_or("batch");
            self.lines.insert(format!("{project} {of}: {what}"));
            if remedy == Remedy::None {
                self.gone.extend(batch);
            }
            self.keys.extend(key.map(|key| (project.clone(), key)));
            if let (Some(trace), Remedy::Forget) = (trace, remedy) {
                self.forget.entry(project).or_default().insert(trace);
            }
        }
    }

    fn wrong(&mut self, project: &str, trace: &str, what: String) {
        let (project, trace) = (project.into(), Some(trace.into()));
        let remedy = Remedy::Forget;
        self.add(vec![Difference { project, trace, what, remedy, ..Difference::default() }]);
    }
}

/// A store that gives few keys at a time.
struct FewKeys<'a>(&'a Objects, usize);

impl RawStore for FewKeys<'_> {
    type Body = Vec<u8>;

    fn body_of(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    async fn compress(&self, body: &Vec<u8>) -> Option<(Vec<u8>, usize)> {
        self.0.compress(body).await
    }

    async fn put(&self, key: &str, body: &Vec<u8>) -> Result<(), Fault> {
        self.0.put(key, body).await
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        self.0.get(key, part).await
    }

    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault> {
        self.0.list(after, most.min(self.1)).await
    }
}

/// A queue that nothing is sent to.
struct NoQueue;

impl BatchQueue for NoQueue {
    async fn send(&self, _: &Message) -> Result<(), Fault> {
        Err(Fault::Internal("nothing was to be queued".into()))
    }

    async fn send_all(&self, _: &[Message]) -> Result<(), Fault> {
        Err(Fault::Internal("nothing was to be queued".into()))
    }
}

impl Verification<'_> {
    /// A pass along R2 that queues what is missing.
    pub fn queue(&self, queue: &impl BatchQueue) -> Vec<Verified> {
        self.pass(Some(queue))
    }

    fn pass(&self, queue: Option<&impl BatchQueue>) -> Vec<Verified> {
        let since = self.since.into();
        let mut request =
            VerifyRequest { since, queue: queue.is_some(), ..VerifyRequest::default() };
        let store = FewKeys(self.store, self.keys);
        let mut all = Vec::new();
        loop {
            let Self { now, formats, db, .. } = *self;
            let step = match queue {
                Some(queue) => verify(&request, now, formats, &store, db, queue).now_or_never(),
                None => verify(&request, now, formats, &store, db, &NoQueue).now_or_never(),
            };
            let step = step.unwrap().unwrap();
            request.after.clone_from(&step.next);
            all.push(step);
            if request.after.is_none() {
                return all;
            }
        }
    }

    fn walk(&self) -> Vec<Walked> {
        let mut request = RowsRequest { since: self.since.into(), ..RowsRequest::default() };
        let mut all = Vec::new();
        loop {
            let step = walk(&request, self.db).now_or_never().unwrap().unwrap();
            request.after.clone_from(&step.next);
            all.push(step);
            if request.after.is_none() {
                return all;
            }
        }
    }

    /// Compares everything.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = Report::default();
        let mut seen: BTreeMap<(String, String), Open> = BTreeMap::new();
        let mut large: BTreeMap<(String, String), (i64, usize)> = BTreeMap::new();
        let mut batches = BTreeSet::new();
        for step in self.pass(None::<&NoQueue>) {
            report.steps += 1;
            batches.extend(step.batches);
            report.add(step.differences);
            for (project, traces) in step.traces {
                for Seen(id, open, rows) in traces {
                    let of = (project.clone(), id);
                    if let Some((version, events)) = rows {
                        let entry = large.entry(of.clone()).or_insert((version, 0));
                        *entry = (version, entry.1 + events);
                    }
                    match seen.entry(of) {
                        Entry::Vacant(entry) => drop(entry.insert(open)),
                        Entry::Occupied(mut entry) => {
                            let known = entry.get_mut();
                            known.fields.retain(|field| open.fields.contains(field));
                            known.batches.retain(|batch| open.batches.contains(batch));
                        }
                    }
                }
            }
        }
        for step in self.walk() {
            report.add(step.differences);
            for trace in step.traces {
                if !seen.contains_key(&(step.project.clone(), trace.clone())) {
                    report.wrong(&step.project, &trace, "no raw batch mentions it".into());
                }
            }
            if let Some((trace, version, events)) = step.rows {
                // Of one whose row is damaged nothing is counted.
                let counted = large.get(&(step.project.clone(), trace.clone()));
                if counted.is_some_and(|(at, counted)| *at == version && *counted < events) {
                    report.wrong(&step.project, &trace, "rows that no raw batch says".into());
                }
            }
            for batch in step.batches.into_iter().filter(|batch| !batches.contains(batch)) {
                report.lines.insert(format!("{} batch: gone", step.project));
                report.gone.push(batch);
            }
        }
        for ((project, trace), Open { fields, batches }) in seen {
            for field in fields {
                report.wrong(&project, &trace, format!("no raw batch says its {field}"));
            }
            if !batches.is_empty() {
                let what = "names a batch that says nothing of it".into();
                report.wrong(&project, &trace, what);
            }
        }
        report
    }
}
