//! What clients were told, and who may do what: the promises that the run is held to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgespan::batch::BatchRef;
use edgespan::formats::scores::JUDGED;
use edgespan::model::Millis;

use crate::oracle::Known;
use crate::workload::{Batch, Wire};
use crate::world::World;

/// How long a revoked key may work yet.
const MAX_REVOKED_MS: Millis = 60_000;

/// A project, and its keys.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Its id, which is in the keys of its objects.
    pub id: String,
    /// Its API keys: id and key.
    pub keys: Vec<(String, String)>,
    /// Whether it has an evaluator.
    pub is_judged: bool,
}

/// A project's id, and a body.
type Sent = (String, Vec<u8>);

/// The book of a run.
#[derive(Debug, Default)]
pub struct Book {
    /// The projects.
    pub projects: Vec<Project>,
    /// Every batch that was sent, by project and body.
    sent: RefCell<BTreeMap<Sent, Rc<Batch>>>,
    /// Those that were acknowledged.
    acknowledged: RefCell<BTreeSet<Sent>>,
    /// When keys were revoked, by key.
    revoked: RefCell<BTreeMap<String, Millis>>,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(projects: Vec<Project>) -> Self {
        Self { projects, ..Self::default() }
    }

    /// Notes that a batch is on its way.
    pub fn send(&self, project: &Project, batch: &Rc<Batch>) {
        let of = (project.id.clone(), batch.body.clone());
        self.sent.borrow_mut().insert(of, batch.clone());
    }

    /// Notes that it was acknowledged, to who asked at this time with this key.
    pub fn acknowledge(
        &self,
        world: &World,
        (project, key): (&Project, &str),
        batch: &Batch,
        asked: Millis,
    ) {
        self.acknowledged.borrow_mut().insert((project.id.clone(), batch.body.clone()));
        let revoked = self.revoked.borrow().get(key).copied();
        if revoked.is_some_and(|revoked| asked - revoked > MAX_REVOKED_MS) {
            world.violate("a key works that was revoked more than a minute ago".into());
        }
    }

    /// Notes that a key is revoked, or from when on it may be: [`Millis::MAX`] where it is
    /// not known whether it is.
    pub fn revoke(&self, key: &str, now: Millis) {
        let mut revoked = self.revoked.borrow_mut();
        let at = revoked.entry(key.into()).or_insert(now);
        *at = now.min(*at);
    }

    /// Whether a key was ever revoked.
    pub fn is_revoked(&self, key: &str) -> bool {
        self.revoked.borrow().contains_key(key)
    }

    /// Acknowledged batches that R2 does not have.
    pub fn lost(&self, world: &World) -> usize {
        let objects = world.store.bodies();
        let stored: BTreeSet<(&str, &[u8])> = objects
            .iter()
            .filter_map(|(key, body)| Some((project_of(key)?, body.as_slice())))
            .collect();
        let acknowledged = self.acknowledged.borrow();
        acknowledged.iter().filter(|(p, body)| !stored.contains(&(p, body))).count()
    }

    /// How many batches were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.borrow().len()
    }

    /// What must be known: all that R2 has, by the ids of projects; and of how many
    /// batches and events that is.
    ///
    /// # Panics
    /// For an object that nobody sent.
    pub fn expected(&self, world: &World) -> (BTreeMap<String, Known>, usize, usize) {
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        let (mut batches, mut events) = (BTreeSet::new(), 0);
        let sent = self.sent.borrow();
        let unreadable = world.unreadable.borrow();
        let objects = world.store.bodies();
        for (key, body) in objects.iter().filter(|(key, _)| !unreadable.contains(key)) {
            let project = project_of(key).unwrap_or_default().to_owned();
            let object = BatchRef::parse(key).unwrap();
            if object.ending == JUDGED.ending {
                // What evaluators say nobody sent.
                let scores: Vec<serde_json::Value> = serde_json::from_slice(body).unwrap();
                if batches.insert((project, body.clone(), object.id)) {
                    events += scores.len();
                }
                continue;
            }
            let batch = &sent[&(project.clone(), body.clone())];
            known.entry(project.clone()).or_default().hear(&object, &batch.said);
            // The same body is the same batch, however often it was stored; of scores each
            // object is.
            let once = if batch.wire == Wire::Scores { object.id } else { String::new() };
            if batches.insert((project, body.clone(), once)) {
                events += batch.said.len();
            }
        }
        (known, batches.len(), events)
    }
}

/// The project that an object is of: `raw/TIME/PROJECT/…`.
fn project_of(key: &str) -> Option<&str> {
    key.split('/').nth(2)
}
