//! The ports over parts that run natively: `SQLite` with the real migrations
//! for D1, a map for R2. What goes through them is the service's own code.
#![allow(dead_code, reason = "each test file uses what it needs")]

pub mod alert_statements;
pub mod client;
pub mod flaky;
pub mod pages;
pub mod platform;
pub mod statements;
pub mod word_statements;

use std::cell::RefCell;
use std::rc::Rc;

use edgespan::batch::{BatchRef, RawStore};
use edgespan::error::{Error, Fault};
use edgespan::formats::{FORMATS, Formats};
use edgespan::memory_budget::MemoryBudget;
use edgespan::payload::Source;
use edgespan::pipeline::announce::announce;
use edgespan::pipeline::consume::{Delivery, Outcome, consume};
use edgespan::pipeline::evaluations::{EvaluationQueue, EvaluationRequest};
use edgespan::pipeline::queue::{BatchQueue, Message};
pub use sim::objects::Objects;
pub use sim::sqlite::Sqlite;

/// The project that the tests write as.
pub const PROJECT: &str = "p1";
/// When every batch is received: 2026-11-22T06:19:30.123Z.
pub const RECEIVED: i64 = 1_795_328_370_123;

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

/// A queue of evaluations as a list of messages with their delays, likewise.
#[derive(Default)]
pub struct Announced(pub RefCell<Vec<(EvaluationRequest, u32)>>);

impl EvaluationQueue for Announced {
    async fn send(&self, request: &EvaluationRequest, delay_s: u32) -> Result<(), Fault> {
        self.0.borrow_mut().push((request.clone(), delay_s));
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
    /// Word of traces to be evaluated.
    pub evaluations: Announced,
}

impl World {
    pub fn new() -> Self {
        Self {
            db: Sqlite::new(),
            store: Objects::default(),
            budget: Rc::new(MemoryBudget::for_reads()),
            formats: FORMATS,
            evaluations: Announced::default(),
        }
    }

    /// Stores a body and has the consumer write it, as if it had been accepted.
    pub fn deliver(&self, project: &str, body: &str) -> Outcome {
        self.deliver_together(project, &[body.to_owned()]).remove(0)
    }

    /// The same, received at another time than the others.
    pub fn deliver_at(&self, project: &str, body: &str, received: i64) -> Outcome {
        self.deliver_batches(&[(project, body.to_owned())], (received, RECEIVED), "json").remove(0)
    }

    /// The same in another format than the API's own.
    pub fn deliver_as(&self, ending: &str, project: &str, body: &str) -> Outcome {
        self.deliver_batches(&[(project, body.to_owned())], (RECEIVED, RECEIVED), ending).remove(0)
    }

    /// The same with several, which the consumer gets at once.
    pub fn deliver_together(&self, project: &str, bodies: &[String]) -> Vec<Outcome> {
        self.deliver_all(&bodies.iter().map(|body| (project, body.clone())).collect::<Vec<_>>())
    }

    /// The same for several projects.
    pub fn deliver_all(&self, batches: &[(&str, String)]) -> Vec<Outcome> {
        self.deliver_batches(batches, (RECEIVED, RECEIVED), "json")
    }

    /// The same with several of a project, which are written at another time than that of
    /// their receipt.
    pub fn deliver_later(&self, project: &str, bodies: &[String], now: i64) -> Vec<Outcome> {
        let batches: Vec<_> = bodies.iter().map(|body| (project, body.clone())).collect();
        self.deliver_batches(&batches, (RECEIVED, now), "json")
    }

    fn deliver_batches(
        &self,
        batches: &[(&str, String)],
        (received, now): (i64, i64),
        ending: &str,
    ) -> Vec<Outcome> {
        pollster::block_on(async {
            let mut deliveries = Vec::new();
            for (project, body) in batches {
                let batch = BatchRef::of(project, body.as_bytes(), received, ending);
                self.store.put(&batch.key(), &body.as_bytes().to_vec()).await.unwrap();
                deliveries.push(Delivery { message: Message::of(&batch), attempt: 1 });
            }
            let mut done = consume(&deliveries, &|| now, self.formats, &self.store, &self.db).await;
            announce(&mut done, now, &self.evaluations).await;
            done
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

    /// The list's traces, in whatever order they first came.
    pub fn listed(&self, project: &str) -> Vec<String> {
        let list = self.list(project, "limit=100");
        let traces = list["traces"].as_array().unwrap().iter();
        let mut traces: Vec<String> = traces.map(serde_json::Value::to_string).collect();
        traces.sort();
        traces
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

/// Columns of a trace that a test fills in by hand but that say nothing to it, and what is
/// in them.
pub const PLAIN_COLUMNS: &str =
    "project, version, open, created_ms, active_us, root_child, ended, head, pack";
/// See [`PLAIN_COLUMNS`]: those of the database's first project.
pub const PLAIN_VALUES: &str = "1, 1, 0, 0, 0, 0, 0, x'', x''";

/// The body that carries these events.
pub fn body(events: &[String]) -> String {
    format!(r#"{{"batch":[{}]}}"#, events.join(","))
}
