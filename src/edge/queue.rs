//! The queue: sending a message, and the door that the platform opens with a
//! batch of them.
//!
//! Exported by hand and not with `#[event(queue)]`, for two reasons: that turns
//! an `Err` into a panic, and it hides how often a message was delivered
//! (worker 0.8.7). A handler that fails would have every message of the batch
//! delivered again; this one settles each message and never fails.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt, stream};
use js_sys::{Array, JSON};
use worker::wasm_bindgen::prelude::*;
use worker::{Env, Queue};

use super::d1::Index;
use super::r2::R2Bucket;
use super::{binding, log, metrics, now, object};
use crate::consumer::{Outcome, consume, consume_dead, delay};
use crate::error::Fault;
use crate::queue::{Doorbell, Message};

impl Doorbell for Queue {
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

/// Batches under way at once: while one waits for D1, the next one's raw
/// batch is read and decoded.
const CONCURRENCY: usize = 4;

/// What the platform's dead-letter queue is called: by its end, so that a
/// deployment may name its queues.
const DEAD: &str = "dead-letters";

/// Settles every message of the batch, each on its own.
#[wasm_bindgen(js_name = queue)]
pub async fn on_messages(batch: MessageBatch, env: Env, _context: JsValue) -> Result<(), JsValue> {
    let bindings = binding::<R2Bucket>(&env, "RAW").ok().zip(env.d1("DB").ok());
    let (Some((store, db)), Ok(dead)) = (bindings, env.queue("DEAD")) else {
        // Without its bindings it can do nothing: failing has all delivered
        // again, to a deployment that has them.
        return Err(js_sys::Error::new("the bindings RAW, DB and DEAD are needed").into());
    };
    let given_up = batch.queue().ends_with(DEAD);
    let consumer = Consumer { env, store, index: Index(db), dead, given_up };
    let messages = batch.messages();
    AssertUnwindSafe(async move {
        stream::iter(messages.iter().map(JsCast::unchecked_into::<QueueMessage>))
            .for_each_concurrent(CONCURRENCY, async |message| {
                consumer.settle(&message).await;
            })
            .await;
    })
    .await;
    Ok(())
}

struct Consumer {
    env: Env,
    store: R2Bucket,
    index: Index,
    dead: Queue,
    /// Whether these are the dead letters.
    given_up: bool,
}

impl Consumer {
    async fn settle(&self, message: &QueueMessage) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 101")]
        let attempt = message.attempts().unwrap_or(1.0) as u32;
        let (key, outcome) = match parse(&message.body()) {
            Ok(parsed) => {
                // A panic over one message must not cost the others their try.
                let consumed = AssertUnwindSafe(self.consume(&parsed, attempt)).catch_unwind();
                let delay_s = delay(attempt);
                let panicked = |_| Outcome::Retry { delay_s, why: "a panic".into() };
                (parsed.key.clone(), consumed.await.unwrap_or_else(panicked))
            }
            Err(why) => (String::new(), Outcome::Retry { delay_s: 600, why }),
        };
        log::consumed(&key, attempt, &outcome);
        metrics::write(&self.env, crate::metrics::settled(&key, &outcome, self.given_up));
        match outcome {
            Outcome::Ack(_) | Outcome::Bury { .. } => message.ack(),
            Outcome::Retry { delay_s, .. } => {
                message.retry(&object(&[("delaySeconds", delay_s.into())]));
            }
        }
    }

    async fn consume(&self, message: &Message, attempt: u32) -> Outcome {
        let (store, index) = (&self.store, &self.index);
        if self.given_up {
            return consume_dead(message, attempt, now, store, index).await;
        }
        let outcome = consume(message, attempt, now, store, index).await;
        let Outcome::Bury { why } = outcome else { return outcome };
        // Acknowledged only when it is safe among the dead letters.
        match Doorbell::send(&self.dead, message).await {
            Ok(()) => Outcome::Bury { why },
            Err(fault) => Outcome::Retry { delay_s: 60, why: format!("{why}; and then {fault}") },
        }
    }
}

fn parse(body: &JsValue) -> Result<Message, String> {
    let text = JSON::stringify(body).map_err(|_| "the message is not JSON".to_owned())?;
    serde_json::from_str(&String::from(text)).map_err(|e| format!("the message is not ours: {e}"))
}
