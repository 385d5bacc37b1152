//! The queue: sending a message, and the door that the platform opens with a
//! batch of them.
//!
//! Exported by hand and not with `#[event(queue)]`, for two reasons: that turns
//! an `Err` into a panic, and it hides how often a message was delivered
//! (worker 0.8.7). A handler that fails would have every message of the batch
//! delivered again; this one settles each message and never fails.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;
use js_sys::{Array, JSON};
use serde::de::DeserializeOwned;
use worker::wasm_bindgen::prelude::*;
use worker::{Env, Queue};

use super::isolate::ISOLATE;
use super::{binding, log, now, object};
use crate::edge::adapters::analytics;
use crate::edge::adapters::d1::Index;
use crate::edge::adapters::evaluations::Evaluations;
use crate::edge::adapters::operator::Operated;
use crate::edge::adapters::outbound::Fetch;
use crate::edge::adapters::r2::R2Bucket;
use crate::error::Fault;
use crate::evaluation::outside::Outside;
use crate::evaluation::run::{Ports, evaluate};
use crate::formats::FORMATS;
use crate::payload::Source;
use crate::pipeline::consume::{Delivery, Outcome};
use crate::pipeline::deliver::{Origin, deliver};
use crate::pipeline::evaluations::EvaluationRequest;
use crate::pipeline::queue::{BatchQueue, Message};
use crate::pipeline::retry::delay;
use crate::telemetry::data_points;

impl BatchQueue for Queue {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        Queue::send(self, message).await.map_err(|e| unsent(&e))
    }

    async fn send_all(&self, messages: &[Message]) -> Result<(), Fault> {
        for some in messages.chunks(MAX_SENT) {
            self.send_batch(some.iter().cloned()).await.map_err(|e| unsent(&e))?;
        }
        Ok(())
    }
}

/// Most messages sent at once: 100, and 256 KB, from the platform's limits.
/// One of ours has some 130 bytes.
const MAX_SENT: usize = 100;

fn unsent(error: &worker::Error) -> Fault {
    Fault::Unavailable { what: "queue send", why: error.to_string() }
}

#[wasm_bindgen]
extern "C" {
    /// What the platform hands over: some messages of one queue.
    pub type MessageBatch;

    #[wasm_bindgen(method, getter)]
    fn queue(this: &MessageBatch) -> String;

    #[wasm_bindgen(method, getter)]
    fn messages(this: &MessageBatch) -> Array;

    /// One message of a batch.
    type QueueMessage;

    #[wasm_bindgen(method, getter)]
    fn body(this: &QueueMessage) -> JsValue;

    /// How often it was delivered, this time included.
    #[wasm_bindgen(method, getter)]
    fn attempts(this: &QueueMessage) -> Option<f64>;

    #[wasm_bindgen(method)]
    fn ack(this: &QueueMessage);

    #[wasm_bindgen(method)]
    fn retry(this: &QueueMessage, options: &JsValue);
}

/// What the platform's dead-letter queue is called, and that of evaluations: by their ends,
/// so that a deployment may name its queues.
const DEAD: &str = "dead-letters";
/// See [`DEAD`].
const EVALUATIONS: &str = "evaluations";

/// Settles every message of the batch, each on its own.
#[wasm_bindgen(js_name = queue)]
pub async fn on_messages(batch: MessageBatch, env: Env, _context: JsValue) -> Result<(), JsValue> {
    let bindings = binding::<R2Bucket>(&env, "RAW").ok().zip(env.d1("DB").ok());
    let queues = env.queue("DEAD").ok().zip(env.queue("EVALUATIONS").ok());
    let (Some((store, db)), Some((dead, evaluations))) = (bindings, queues) else {
        // Without its bindings it can do nothing: failing has all delivered
        // again, to a deployment that has them.
        let why = "the bindings RAW, DB, DEAD and EVALUATIONS are needed";
        return Err(js_sys::Error::new(why).into());
    };
    let queues = (dead, Evaluations(evaluations));
    let consumer = Consumer { env, store, index: Index(db), queues };
    let name = batch.queue();
    let origin = if name.ends_with(DEAD) { Origin::DeadLetters } else { Origin::Batches };
    let messages = batch.messages();
    let messages = messages.iter().map(JsCast::unchecked_into::<QueueMessage>);
    if name.ends_with(EVALUATIONS) {
        AssertUnwindSafe(consumer.evaluate(messages)).await;
        return Ok(());
    }
    AssertUnwindSafe(consumer.consume(messages, origin)).await;
    Ok(())
}

struct Consumer {
    env: Env,
    store: R2Bucket,
    index: Index,
    queues: (Queue, Evaluations),
}

impl Consumer {
    /// Has the messages dealt with, and tells the platform what becomes of each.
    async fn consume(&self, messages: impl Iterator<Item = QueueMessage>, origin: Origin) {
        let known = messages.filter_map(|message| Some((self.delivery(&message)?, message)));
        let (deliveries, messages): (Vec<_>, Vec<_>) = known.unzip();
        let Self { store, index, queues: (dead, evaluations), .. } = self;
        let queues = (dead, evaluations);
        let outcomes = deliver(&deliveries, origin, &now, FORMATS, store, index, queues).await;
        for ((delivery, message), outcome) in deliveries.iter().zip(&messages).zip(outcomes) {
            self.settle(delivery, message, &outcome, origin);
        }
    }

    /// Has traces evaluated, and tells the platform what becomes of each message.
    async fn evaluate(&self, messages: impl Iterator<Item = QueueMessage>) {
        let Self { env, store, index, queues: (_, evaluations) } = self;
        let budget = ISOLATE.with(|isolate| Rc::clone(&isolate.reads));
        let operator = Operated(env);
        let caller = Outside { outbound: &Fetch, operator: &operator };
        for message in messages {
            let source = Source { store, formats: FORMATS, budget: &budget, now: now() };
            let ports = Ports { db: index, source, queue: evaluations, caller: &caller };
            let body = message.body();
            let done = async {
                let request: EvaluationRequest = parse(&body).map_err(Fault::Internal)?;
                let done = evaluate(&request, &now, &ports).await;
                done.map(|done| (request.project, done))
            };
            match AssertUnwindSafe(done).catch_unwind().await {
                Ok(Ok((project, done))) => {
                    log::evaluated(&project, &done);
                    message.ack();
                }
                other => {
                    let why = other.map(|done| done.err().map(|fault| fault.to_string()));
                    log::not_evaluated(&why.ok().flatten().unwrap_or_else(|| "a panic".into()));
                    // Of what failed together each comes back in its own time.
                    let own = JSON::stringify(&body).map(String::from).unwrap_or_default();
                    let delay_s = delay(attempts(&message), &own);
                    message.retry(&object(&[("delaySeconds", delay_s.into())]));
                }
            }
        }
    }

    /// What the message says; one that says nothing is put off, for a release
    /// that knows better.
    fn delivery(&self, message: &QueueMessage) -> Option<Delivery> {
        let attempt = attempts(message);
        match parse(&message.body()) {
            Ok(message) => Some(Delivery { message, attempt }),
            Err(why) => {
                let none = Delivery {
                    message: Message { v: 0, key: String::new(), bytes: None },
                    attempt,
                };
                let put_off = Outcome::Retry { delay_s: 600, why };
                self.settle(&none, message, &put_off, Origin::Batches);
                None
            }
        }
    }

    fn settle(
        &self,
        delivery: &Delivery,
        message: &QueueMessage,
        outcome: &Outcome,
        origin: Origin,
    ) {
        let dead = origin == Origin::DeadLetters;
        let key = &delivery.message.key;
        log::consumed(key, delivery.attempt, outcome);
        analytics::write(&self.env, data_points::settled(key, outcome, dead));
        match outcome {
            Outcome::Ack(_) | Outcome::Bury { .. } => message.ack(),
            Outcome::Retry { delay_s, .. } => {
                message.retry(&object(&[("delaySeconds", (*delay_s).into())]));
            }
        }
    }
}

/// How often a message was delivered, this time included.
fn attempts(message: &QueueMessage) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 101")]
    let attempts = message.attempts().unwrap_or(1.0) as u32;
    attempts
}

fn parse<T: DeserializeOwned>(body: &JsValue) -> Result<T, String> {
    let text = JSON::stringify(body).map_err(|_| "the message is not JSON".to_owned())?;
    serde_json::from_str(&String::from(text)).map_err(|e| format!("the message is not ours: {e}"))
}
