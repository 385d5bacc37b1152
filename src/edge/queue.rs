//! The queue: sending a message, and the door that the platform opens with a
//! batch of them.
//!
//! Exported by hand and not with `#[event(queue)]`, for two reasons: that turns
//! an `Err` into a panic, and it hides how often a message was delivered
//! (worker 0.8.7). A handler that fails would have every message of the batch
//! delivered again; this one settles each message and never fails.

use futures_util::{StreamExt, stream};
use js_sys::{Array, JSON, Object, Reflect};
use worker::wasm_bindgen::prelude::*;
use worker::{Env, Queue};

use super::d1::Index;
use super::r2::R2Bucket;
use super::{binding, log, now};
use crate::consumer::{Outcome, consume};
use crate::error::Fault;
use crate::queue::{Doorbell, Message};

impl Doorbell for Queue {
    async fn send(&self, message: &Message) -> Result<(), Fault> {
        Queue::send(self, message)
            .await
            .map_err(|e| Fault::Unavailable { what: "queue send", why: e.to_string() })
    }
}

#[wasm_bindgen]
extern "C" {
    /// What the platform hands over: some messages of one queue.
    pub type MessageBatch;

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

/// Settles every message of the batch, each on its own.
#[wasm_bindgen(js_name = queue)]
pub async fn on_messages(batch: MessageBatch, env: Env, _context: JsValue) -> Result<(), JsValue> {
    let messages = batch.messages();
    let (store, index) = match (binding::<R2Bucket>(&env, "RAW"), env.d1("DB")) {
        (Ok(store), Ok(db)) => (store, Index(db)),
        // Without its bindings it can do nothing: failing has all delivered
        // again, to a deployment that has them.
        _ => return Err(js_sys::Error::new("the bindings RAW and DB are needed").into()),
    };
    // A panic in one message is caught at the door; nothing here is used after it.
    std::panic::AssertUnwindSafe(async move {
        stream::iter(messages.iter().map(JsCast::unchecked_into::<QueueMessage>))
            .for_each_concurrent(CONCURRENCY, async |message| {
                settle(&message, &store, &index).await;
            })
            .await;
    })
    .await;
    Ok(())
}

async fn settle(message: &QueueMessage, store: &R2Bucket, index: &Index) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 101")]
    let attempt = message.attempts().unwrap_or(1.0) as u32;
    let outcome = match parse(&message.body()) {
        Ok(parsed) => consume(&parsed, attempt, now, store, index).await,
        Err(why) => Outcome::Retry { delay_s: 600, why },
    };
    log::consumed(attempt, &outcome);
    match outcome {
        Outcome::Ack(_) => message.ack(),
        Outcome::Retry { delay_s, .. } => {
            let options = Object::new();
            // Setting a property of a fresh plain object cannot fail.
            let _ = Reflect::set(&options, &"delaySeconds".into(), &delay_s.into());
            message.retry(&options);
        }
    }
}

fn parse(body: &JsValue) -> Result<Message, String> {
    let text = JSON::stringify(body).map_err(|_| "the message is not JSON".to_owned())?;
    serde_json::from_str(&String::from(text)).map_err(|e| format!("the message is not ours: {e}"))
}
