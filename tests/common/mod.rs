//! The ports over parts that run natively: `SQLite` with the real migrations
//! for D1, a map for R2. What goes through them is the service's own code.
#![allow(dead_code, reason = "each test file uses what it needs")]

pub mod flaky;
pub mod pages;
pub mod platform;
pub mod statements;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use edgespan::batch::{BatchRef, Listed, RawStore};
use edgespan::error::{Error, Fault};
use edgespan::formats::{FORMATS, Formats};
use edgespan::memory_budget::MemoryBudget;
use edgespan::payload::Source;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::queue::{BatchQueue, Message};
pub use sim::sqlite::Sqlite;

/// The project that the tests write as.
pub const PROJECT: &str = "p1";
/// When every batch is received: 2026-11-22T06:19:30.123Z.
pub const RECEIVED: i64 = 1_795_328_370_123;

/// R2 as a map. Counts how often it is read.
#[derive(Default)]
#[allow(clippy::struct_field_names, reason = "the objects are what it has")]
pub struct Objects {
    pub objects: RefCell<BTreeMap<String, Vec<u8>>>,
    pub reads: Cell<usize>,
    /// Most keys that a listing gives, whatever is asked for: R2 may give fewer.
    pub lists_at_most: Option<usize>,
}

impl RawStore for Objects {
    type Body = Vec<u8>;

    async fn put(&self, key: &str, body: &Vec<u8>) -> Result<(), Fault> {
        self.objects.borrow_mut().insert(key.into(), body.clone());
        Ok(())
    }

    async fn get(&self, key: &str, part: Option<Range<u64>>) -> Result<Option<Vec<u8>>, Fault> {
        self.reads.set(self.reads.get() + 1);
        let objects = self.objects.borrow();
        Ok(objects.get(key).map(|bytes| match part {
            Some(part) => {
                let place = |at: u64| usize::try_from(at).unwrap().min(bytes.len());
                bytes[place(part.start)..place(part.end)].to_vec()
            }
            None => bytes.clone(),
        }))
    }

    async fn list(&self, after: &str, most: usize) -> Result<Listed, Fault> {
        let objects = self.objects.borrow();
        let mut keys = objects.keys().filter(|key| key.as_str() > after);
        let most = self.lists_at_most.map_or(most, |bound| bound.min(most));
        let given: Vec<_> = keys.by_ref().take(most).cloned().collect();
        Ok(Listed { keys: given, more: keys.next().is_some() })
    }
}

/// A queue as a list: nothing is delivered but by the test.
#[derive(Default)]
pub struct Waiting(pub RefCell<Vec<Message>>);

impl BatchQueue for Waiting {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        self.0.borrow_mut().push(message.clone());
        Ok(())
    }

    async fn send_all(&self, messages: &[Message]) -> Result<(), Fault> {
        self.0.borrow_mut().extend_from_slice(messages);
        Ok(())
    }
}

/// A deployment in a process.
pub struct World {
    pub db: Sqlite,
    pub store: Objects,
    pub budget: Rc<MemoryBudget>,
    /// What batches may come in.
    pub formats: Formats,
}

impl World {
    pub fn new() -> Self {
        Self {
            db: Sqlite::new(),
            store: Objects::default(),
            budget: Rc::new(MemoryBudget::for_reads()),
            formats: FORMATS,
        }
    }

    /// Stores a body and has the consumer write it, as if it had been accepted.
    pub fn deliver(&self, project: &str, body: &str) -> Outcome {
        self.deliver_together(project, &[body.to_owned()]).remove(0)
    }

    /// The same, received at another time than the others.
    pub fn deliver_at(&self, project: &str, body: &str, received: i64) -> Outcome {
        self.deliver_batches(&[(project, body.to_owned())], received).remove(0)
    }

    /// The same with several, which the consumer gets at once.
    pub fn deliver_together(&self, project: &str, bodies: &[String]) -> Vec<Outcome> {
        self.deliver_all(&bodies.iter().map(|body| (project, body.clone())).collect::<Vec<_>>())
    }

    /// The same for several projects.
    pub fn deliver_all(&self, batches: &[(&str, String)]) -> Vec<Outcome> {
        self.deliver_batches(batches, RECEIVED)
    }

    fn deliver_batches(&self, batches: &[(&str, String)], received: i64) -> Vec<Outcome> {
        pollster::block_on(async {
            let mut deliveries = Vec::new();
            for (project, body) in batches {
                let batch = BatchRef::of(project, body.as_bytes(), received, "json");
                self.store.put(&batch.key(), &body.as_bytes().to_vec()).await.unwrap();
                deliveries.push(Delivery { message: Message::of(&batch), attempt: 1 });
            }
            consume(&deliveries, &|| RECEIVED, self.formats, &self.store, &self.db).await
        })
    }
    pub fn source(&self) -> Source<'_, Objects> {
        let Self { store, budget, formats, .. } = self;
        Source { store, formats: *formats, budget, now: RECEIVED }
    }

    /// The list's `data`.
    pub fn list(&self, project: &str, query: &str) -> serde_json::Value {
        let data = pollster::block_on(edgespan::api::list(project, query, &self.db, self.source()));
        serde_json::from_str(&data.unwrap()).unwrap()
    }

    /// A trace's `data`, as text: payloads are compared byte for byte.
    pub fn get(&self, project: &str, id: &str) -> String {
        self.get_part(project, id, "").unwrap()
    }

    /// The same of a part of its spans.
    pub fn get_part(&self, project: &str, id: &str, query: &str) -> Result<String, Error> {
        pollster::block_on(edgespan::api::get(project, id, query, &self.db, self.source()))
    }
}

/// The body that carries these events.
pub fn body(events: &[String]) -> String {
    format!(r#"{{"batch":[{}]}}"#, events.join(","))
}
