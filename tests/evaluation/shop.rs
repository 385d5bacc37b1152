//! A project with evaluators, its queue of evaluations, and a clock.

use std::cell::{Cell, RefCell};

use edgespan::error::Fault;
use edgespan::evaluation::outside::{Operator, Outside};
use edgespan::evaluation::run::{Evaluated, Ports, evaluate};
use edgespan::index::Database;
use edgespan::index::evaluators::{EvaluatorRow, insert};
use edgespan::outbound::{Outbound, OutboundReply, Post};
use edgespan::payload::Source;
use edgespan::pipeline::consume::Outcome;
use edgespan::pipeline::evaluations::{EvaluationRequest, VERSION, Wanted};
use serde_json::{Value, json};

use crate::common::{Objects, PROJECT, RECEIVED, World, body};

/// What was sent out: an address, headers, a body.
pub type Sent = (String, Vec<(String, String)>, String);

/// A server elsewhere that gives these replies one after the other, the last again and again.
#[derive(Default)]
pub struct Elsewhere {
    pub replies: RefCell<Vec<Option<OutboundReply>>>,
    pub sent: RefCell<Vec<Sent>>,
    pub waited_ms: RefCell<Vec<u32>>,
    pub settings: RefCell<Vec<(&'static str, &'static str)>>,
    pub local: Cell<bool>,
}

pub fn reply(status: u16, body: &str) -> Option<OutboundReply> {
    Some(OutboundReply { status, retry_after: None, body: Some(body.as_bytes().to_vec()) })
}

impl Outbound for Elsewhere {
    async fn post(&self, post: Post<'_>) -> Result<OutboundReply, Fault> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = post.headers.iter().map(owned).collect();
        self.sent.borrow_mut().push((post.url.into(), headers, post.body.into()));
        let mut replies = self.replies.borrow_mut();
        let reply = if replies.len() > 1 { replies.remove(0) } else { replies[0].clone() };
        reply.ok_or(Fault::Unavailable { what: "outbound request", why: "no reply".into() })
    }
}

impl Operator for Elsewhere {
    fn setting(&self, name: &str) -> Option<String> {
        let settings = self.settings.borrow();
        settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    fn is_local(&self) -> bool {
        self.local.get()
    }

    async fn wait(&self, ms: u32) {
        self.waited_ms.borrow_mut().push(ms);
    }
}

/// A project with evaluators.
pub struct Shop {
    pub world: World,
    pub elsewhere: Elsewhere,
    pub now: Cell<i64>,
}

impl Shop {
    pub fn new() -> Self {
        let world = World::new();
        let project =
            format!("insert into project (id, name, created_ms) values ('{PROJECT}', 'shop', 1)");
        world.db.execute(&project);
        Self { world, elsewhere: Elsewhere::default(), now: Cell::new(RECEIVED) }
    }

    /// Stores an evaluator, of which this is said beyond what most have.
    pub fn evaluator(&self, name: &str, kind: &str, config: Value, other: Value) -> EvaluatorRow {
        let text = |key: &str, default: &str| {
            let value = &other[key];
            if value.is_null() { default.to_owned() } else { value.to_string() }
        };
        let row = EvaluatorRow {
            id: format!("ev_{name}"),
            name: name.into(),
            r#type: kind.into(),
            config: config.to_string(),
            enabled: u8::from(other["enabled"] != false),
            auto_run: u8::from(other["autoRun"] != false),
            target: other["target"].as_str().unwrap_or("trace").into(),
            filter: text("filter", "{}"),
            sample_rate: other["sampleRate"].as_f64().unwrap_or(1.0),
            max_runs_per_day: other["maxRunsPerDay"].as_u64().map(|most| most.try_into().unwrap()),
            version: 1,
            created_ms: 1,
            updated_ms: 1,
        };
        let ran = pollster::block_on(self.world.db.run(vec![insert(PROJECT, &row)])).unwrap();
        assert_eq!(ran.rows[0], std::slice::from_ref(&row.id));
        row
    }

    pub fn contains(&self, name: &str, value: &str) {
        self.evaluator(name, "CONTAINS", json!({ "value": value }), json!({}));
    }

    /// Has these events written.
    pub fn send(&self, events: &[Value]) {
        let events: Vec<String> = events.iter().map(Value::to_string).collect();
        let outcome = self.world.deliver(PROJECT, &body(&events));
        assert!(matches!(outcome, Outcome::Ack(_)), "{outcome:?}");
    }

    /// Delivers what waits in the queue until nothing does, each when it is due.
    pub fn evaluate(&self) -> Vec<Evaluated> {
        let mut all = Vec::new();
        loop {
            let waiting = self.world.evaluations.0.take();
            if waiting.is_empty() {
                return all;
            }
            for (request, delay_s) in waiting {
                self.now.set(self.now.get() + i64::from(delay_s) * 1_000);
                all.push(self.deliver(&request).unwrap());
                assert!(all.len() < 100, "it never ends");
            }
        }
    }

    /// Delivers one message now.
    pub fn deliver(&self, request: &EvaluationRequest) -> Result<Evaluated, Fault> {
        self.deliver_by(request, &|| self.now.get())
    }

    /// The same, by a clock of its own.
    pub fn deliver_by(
        &self,
        request: &EvaluationRequest,
        now: &impl Fn() -> i64,
    ) -> Result<Evaluated, Fault> {
        let World { db, store, budget, formats, evaluations } = &self.world;
        let source: Source<'_, Objects> =
            Source { store, formats: *formats, budget, now: self.now.get() };
        let caller = Outside { outbound: &self.elsewhere, operator: &self.elsewhere };
        let ports = Ports { db, source, queue: evaluations, caller: &caller };
        pollster::block_on(evaluate(request, now, &ports))
    }

    /// Asks for evaluators by id on a trace.
    pub fn ask(&self, trace: &str, evaluators: &[&str]) -> Evaluated {
        let request = EvaluationRequest {
            v: VERSION,
            project: PROJECT.into(),
            as_of_ms: self.now.get(),
            traces: vec![Wanted(trace.into(), None)],
            evaluators: Some(evaluators.iter().map(|id| (*id).to_owned()).collect()),
        };
        self.deliver(&request).unwrap()
    }

    /// A trace's scores: name, span, value, label; in that order.
    pub fn scores(&self, trace: &str) -> Vec<(String, String, f64, String)> {
        let trace: Value = serde_json::from_str(&self.world.get(PROJECT, trace)).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let score = |score: &Value| {
            assert_eq!(score["source"], "evaluator");
            let value = score["value"].as_f64().unwrap();
            (text(&score["evaluatorName"]), text(&score["spanId"]), value, text(&score["label"]))
        };
        let mut scores: Vec<_> = trace["scores"].as_array().unwrap().iter().map(score).collect();
        scores.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        scores
    }

    /// What became of each evaluator: name, status, message.
    pub fn statuses(&self) -> Vec<String> {
        let sql = "select name || ' ' || status || coalesce(': ' || message, '') from evaluation
            order by name, version, span";
        self.world.db.texts(sql)
    }

    /// Rows of a table.
    pub fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        self.world.db.0.borrow().query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

pub fn trace(id: &str, more: Value) -> Value {
    let mut body = json!({ "id": id, "name": "support" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "type": "trace-create", "body": body })
}

/// A span that took a second.
pub fn span(trace: &str, id: &str, kind: &str, more: Value) -> Value {
    let mut body = json!({
        "traceId": trace, "id": id, "name": id, "type": kind,
        "startTime": "2026-11-22T06:00:00.000Z", "endTime": "2026-11-22T06:00:01.000Z",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "type": "span-create", "body": body })
}
